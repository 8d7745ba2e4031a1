"""What a running stack tells about itself, in `run/stack.json`."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Literal

from mesh.local.datadir import StackLock
from vidmesh.client.files import write_private

if TYPE_CHECKING:
    from mesh.local.datadir import DataDir

StackPhase = Literal["starting", "ready", "stopping", "stopped"]


@dataclass(frozen=True, slots=True)
class PartState:
    """One process."""

    name: str
    state: str
    pid: int
    """0 when there is none at the moment."""
    port: int | None
    started: float
    """Unix time of its latest start."""
    restarts: int


@dataclass(frozen=True, slots=True)
class StackState:
    """The whole stack; clients need `edge_url` alone."""

    state: StackPhase
    edge_url: str
    pid: int
    """The supervisor's."""
    started: float
    parts: tuple[PartState, ...]


def write_state(data: DataDir, state: StackState) -> None:
    """Replaces the file whole, so that readers never see half of it."""
    write_private(data.stack_file, json.dumps(asdict(state), indent=1) + "\n")


def recorded_state(data: DataDir) -> StackState | None:
    """What the latest stack on this data last told, whether it still runs or not."""
    try:
        told = json.loads(data.stack_file.read_text(encoding="utf-8"))
        parts = tuple(PartState(**part) for part in told.pop("parts"))
        return StackState(**told, parts=parts)
    except (OSError, ValueError, TypeError, KeyError):
        return None


def running_state(data: DataDir) -> StackState | None:
    """The stack that runs on this data now; `None` when there is none."""
    return recorded_state(data) if StackLock(data).is_held() else None
