"""What each step of the demo took."""

from __future__ import annotations

import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from rich.table import Table

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

    from rich.console import Console

    from vidmesh.client.readback import TrackRead


@dataclass(slots=True)
class Steps:
    """Steps in order, with seconds."""

    console: Console
    taken: list[tuple[str, float]] = field(default_factory=list[tuple[str, float]])

    @contextmanager
    def step(self, name: str) -> Generator[None]:
        """Times what is done inside; nothing is noted when it fails."""
        began = time.monotonic()
        yield
        self.note(name, time.monotonic() - began)

    def note(self, name: str, seconds: float) -> None:
        """A step timed elsewhere."""
        self.taken.append((name, seconds))
        self.console.print(f"{name}: {seconds:.1f} s", highlight=False)

    def table(self) -> Table:
        """All of them."""
        table = Table("step", title="what each step took", title_justify="left")
        table.add_column("seconds", justify="right")
        for name, seconds in self.taken:
            table.add_row(name, f"{seconds:.1f}")
        return table


def track_table(tracks: Sequence[TrackRead]) -> Table:
    """What was read back."""
    table = Table("track", title="read back through the edge and decoded", title_justify="left")
    for name in ("segments", "bytes", "pictures or samples", "seconds"):
        table.add_column(name, justify="right")
    for track in tracks:
        table.add_row(track.name, str(track.segments), f"{track.size:,}", f"{track.frames:,}", f"{track.seconds:.3f}")
    return table
