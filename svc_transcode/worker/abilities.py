"""What this worker can do: found out, not believed."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from svc_transcode.media import jobs as media
from svc_transcode.media.coding import ENCODERS
from svc_transcode.media.errors import ChildFailed, PartUnavailable
from svc_transcode.media.limits import ChildLimits
from svc_transcode.media.runner import run_child

USED: Final = tuple(ENCODERS.values())
"""By some profile."""
HARDWARE: Final = ("h264_nvenc", "h264_qsv", "h264_vaapi", "av1_nvenc", "av1_qsv", "av1_vaapi")
"""That no profile uses yet: told of, so that operators see what a machine has."""
SECONDS: Final = 60.0

CGROUP: Final = Path("/sys/fs/cgroup/memory.max")


@dataclass(frozen=True, slots=True)
class Abilities:
    """Of one worker."""

    encoders: tuple[str, ...]
    """As FFmpeg names them."""
    memory_bytes: int
    """For each job."""


async def found_out(slots: int, limits: ChildLimits, workdir: Path) -> Abilities:
    """What encodes in a child as jobs have it, and the memory for each of so many jobs. Raises MediaError.

    `workdir` exists, and is the child's only place to write.
    """
    encoders = await encoders_in_a_child((*USED, *HARDWARE), limits, workdir)
    return Abilities(encoders, memory_of_a_job(slots, limits.address_space))


async def encoders_in_a_child(names: tuple[str, ...], limits: ChildLimits, workdir: Path) -> tuple[str, ...]:
    """Those that work; where a driver takes the child down, those that no hardware is needed for."""
    limits = replace(limits, wall_seconds=min(limits.wall_seconds, SECONDS))
    try:
        return (await run_child(media.EncodersJob(names), _nothing, workdir, limits=limits, sources=workdir)).names
    except ChildFailed:
        if names == USED:
            raise
        return await encoders_in_a_child(USED, limits, workdir)


def memory_of_a_job(slots: int, most: int) -> int:
    """Bytes: a share of what the machine has, or its container, and at most what a child may have."""
    machine = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return min(most, min(machine, _of_the_container(machine)) // slots)


def _of_the_container(otherwise: int) -> int:
    try:
        return int(CGROUP.read_text(encoding="ascii"))
    except (OSError, ValueError):  # there is none, or it says "max"
        return otherwise


async def _nothing(part: int) -> Path:
    raise PartUnavailable(part, "there is no source")
