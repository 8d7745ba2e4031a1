"""What the supervisor has to know about one process."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from enum import IntEnum


class Stage(IntEnum):
    """Parts stop stage by stage, in this order: who asks stops before who is asked."""

    EDGE = 1
    SERVICES = 2
    WORKERS = 3
    CONTROL = 4
    FOUNDATION = 5


class NotReady(Exception):  # noqa: N818 - a state that passes, not an error
    """A part does not do its work yet; the message says what was seen."""


Probe = Callable[[], Awaitable[None]]
"""Returns when the part does its work, raises `NotReady` when it does not yet."""

Step = Callable[[], Awaitable[None]]
"""Something done once, before a start or before a stop. May raise `StackError`."""


async def nothing() -> None:
    """The step, or the probe, of a part that has none."""


@dataclass(frozen=True, slots=True)
class Part:
    """One process of the stack: data only, so that the table of processes can be read, printed and tested."""

    name: str
    argv: tuple[str, ...]
    stage: Stage
    needs: tuple[str, ...] = ()
    """Names of the parts that must be ready before this one is started for the first time."""
    port: int | None = None
    """Where it is reached, for `status`."""
    env: Mapping[str, str] = field(default_factory=dict[str, str])
    ready: Probe = nothing
    fit: Probe = nothing
    """Asked every few seconds once it was ready: raises `NotReady` where only a new start helps."""
    before_start: Step = nothing
    before_stop: Step = nothing
    after_stop: Step = nothing
    grace: float = 10.0
    """Seconds between being asked to end and being killed."""
