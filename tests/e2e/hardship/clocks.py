"""Processes whose clocks are set while they run, each for itself."""

from __future__ import annotations

import os
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

SITE = Path(__file__).with_name("site")

SERVICES = ("svc_social", "svc_upload", "svc_transcode", "svc_playback")
PROGRAMS = (*SERVICES, "svc_transcode.worker", "gateway")
"""Everything that is Python; the edge, the bus and the object store keep the machine's clock."""


@dataclass(frozen=True, slots=True)
class Clocks:
    """The clocks of a stack that was started in `environment`."""

    folder: Path

    @property
    def environment(self) -> dict[str, str]:
        """Variables for `vidmesh up`, which hands them on to every part."""
        path = os.pathsep.join(filter(None, (str(SITE), os.environ.get("PYTHONPATH"))))
        return {"PYTHONPATH": path, "CLOCKS": str(self.folder)}

    def put(self, seconds: float, *programs: str) -> None:
        """From now on these clocks are so much ahead of the machine's, or behind it."""
        for program in programs:
            beside = self.folder / f".{program}"
            beside.write_text(str(seconds), encoding="ascii")
            beside.replace(self.folder / program)

    @contextmanager
    def ahead(self, seconds: float, *programs: str) -> Generator[None]:
        """They are so much ahead while the block runs, and right again afterwards."""
        self.put(seconds, *programs)
        try:
            yield
        finally:
            self.put(0, *programs)
