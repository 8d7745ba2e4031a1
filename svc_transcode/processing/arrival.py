"""What of an upload has arrived, and which jobs wait for more of it. Pure."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

Ranges = tuple[tuple[int, int], ...]
"""Half-open ranges of part indexes (from 0), in order and apart."""

Need = Ranges | None
"""The parts that a job needs; None: nobody knows, so it waits for the whole."""

MOST_MISSES = 8
"""How often a job may find a part missing. Then it waits for the whole: each try costs a process."""


@dataclass(frozen=True, slots=True)
class Line:
    """Jobs that are queued in this order, each as soon as its parts have arrived."""

    priority: int
    names: tuple[str, ...]
    needs: tuple[Need, ...]
    """Of each job."""


@dataclass(frozen=True, slots=True)
class Slip:
    """A job to be queued."""

    name: str
    priority: int


@dataclass(frozen=True, slots=True)
class Parked:
    """A job that was begun too early: its estimate was wrong, or it was a probe, which nobody can estimate."""

    name: str
    priority: int
    part: int | None
    """Index of the part that it waits for; None: it waits for the whole."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """An upload that is followed, in a form that stays small however large the file is."""

    layout: tuple[tuple[int, int], ...]
    """Runs of parts: how many, and their size in bytes."""
    arrived: Ranges = ()
    first_bytes: int = 0
    """What had arrived when it was looked at first, to measure its speed from."""
    released: tuple[int, ...] = ()
    """How many jobs of each line are queued."""

    def sizes(self) -> list[int]:
        """Of every part, bytes."""
        return [size for count, size in self.layout for _ in range(count)]

    def has(self, index: int) -> bool:
        """Whether a part is there."""
        return any(start <= index < stop for start, stop in self.arrived)

    def covers(self, need: Need) -> bool:
        """Whether all that a job needs is there."""
        return need is not None and all(
            any(start <= first and last <= stop for start, stop in self.arrived) for first, last in need
        )

    @property
    def first_missing(self) -> int:
        """Index of the first part that is not there."""
        return self.arrived[0][1] if self.arrived and self.arrived[0][0] == 0 else 0

    @property
    def bytes(self) -> int:
        """How much is there."""
        total, at = 0, 0
        for count, size in self.layout:
            total += sum(max(0, min(stop, at + count) - max(start, at)) for start, stop in self.arrived) * size
            at += count
        return total

    def with_parts(self, indexes: Iterable[int]) -> Arrival:
        """The same with these parts there too."""
        return replace(self, arrived=merged((*self.arrived, *((index, index + 1) for index in indexes))))


def merged(ranges: Iterable[tuple[int, int]]) -> Ranges:
    """The ranges in order, those that touch made one."""
    found: list[tuple[int, int]] = []
    for start, stop in sorted(ranges):
        if found and start <= found[-1][1]:
            found[-1] = found[-1][0], max(found[-1][1], stop)
        else:
            found.append((start, stop))
    return tuple(found)


def released(arrival: Arrival, lines: Sequence[Line], whole: bool) -> tuple[int, ...]:
    """How many jobs of each line may be queued now; each line in its order. `whole`: everything is there."""
    return tuple(
        len(line.names) if whole else done + sum(1 for _ in itertools.takewhile(arrival.covers, line.needs[done:]))
        for line, done in zip(lines, before(arrival, lines), strict=True)
    )


def before(arrival: Arrival, lines: Sequence[Line]) -> tuple[int, ...]:
    """How many jobs of each line were queued so far."""
    return arrival.released or (0,) * len(lines)


def slips(lines: Sequence[Line], since: Sequence[int], until: Sequence[int]) -> Iterator[Slip]:
    """The jobs that were behind `since` and are not behind `until`."""
    for line, first, last in zip(lines, since, until, strict=True):
        yield from (Slip(name, line.priority) for name in line.names[first:last])


def due(parked: Iterable[Parked], arrival: Arrival | None, whole: bool) -> tuple[Parked, ...]:
    """The parked jobs whose part is there."""
    return tuple(
        one for one in parked if whole or (one.part is not None and arrival is not None and arrival.has(one.part))
    )
