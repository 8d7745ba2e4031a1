"""`python -m svc_transcode.worker.checking [--profile NAME]`: what workers here could do, as one JSON object on stdout.

For `vidmesh doctor`. {"finding": what is the case, "advice": what to do; empty where nothing is to be done}.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Final

from svc_transcode.media.errors import MediaError
from svc_transcode.media.limits import ChildLimits
from svc_transcode.media.profiles import DEFAULT, PROFILES
from svc_transcode.processing.needs import EVERY_WORKER, Need, ability_of
from svc_transcode.worker.abilities import Abilities, found_out

if TYPE_CHECKING:
    from svc_transcode.media.profiles import Profile

GIB: Final = 1 << 30


def told(found: Abilities, profile: Profile) -> dict[str, str]:
    """Of a worker with one slot. Pure."""
    ability = ability_of(found.encoders, found.memory_bytes)
    lacking = [
        *(["no worker can start without x264"] if EVERY_WORKER not in found.encoders else []),
        *(["the AV1 of the profile waits for a worker that has SVT-AV1"] if _lacks_av1(ability, profile) else []),
        *(["videos above 2560×1440 wait for a worker with 2 GiB for each job"] if Need.LARGE not in ability else []),
    ]
    encoders = ", ".join(found.encoders) or "no encoder"
    return {"finding": f"{encoders}; {found.memory_bytes / GIB:.1f} GiB for a job", "advice": "; ".join(lacking)}


def _lacks_av1(ability: Need, profile: Profile) -> bool:
    return bool(profile.beside) and Need.AV1 not in ability


def main() -> int:
    """The exit code: 1 where nothing could be tried."""
    parser = argparse.ArgumentParser(prog="python -m svc_transcode.worker.checking")
    parser.add_argument("--profile", choices=PROFILES, default=DEFAULT.name)
    profile = PROFILES[parser.parse_args().profile]
    with tempfile.TemporaryDirectory(prefix="vidmesh-") as folder:
        try:
            found = asyncio.run(found_out(1, ChildLimits(), Path(folder)))
        except MediaError as error:
            sys.stderr.write(f"{error}\n")
            return 1
    sys.stdout.write(json.dumps(told(found, profile)) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
