"""Starting, looking at and stopping a stack from another process."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class UpOptions:
    """What `vidmesh up` may be told. `None` leaves the choice to the configuration."""

    data: Path = Path(".vidmesh")
    config: Path | None = None
    host: str | None = None
    port: int | None = None
    """0 chooses a free port."""
    workers: int | None = None


def start_detached(options: UpOptions) -> str:
    """Starts a stack that outlives this process, waits until it is ready and returns the edge's address.

    Raises `StackError` with the reason and the last log lines when it does not get ready; nothing is left running.
    """
    raise NotImplementedError


def stop(data: Path) -> bool:
    """Stops the stack on this data and waits until all of its processes are gone; `False` when none was running."""
    raise NotImplementedError
