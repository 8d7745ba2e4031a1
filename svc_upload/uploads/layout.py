"""How a file is cut into parts: whole ones of 8 MiB, smaller ones at the beginning and towards the end.

Processing begins with the first part, and what remains to be done after the last byte has arrived is the processing of
the last one: so both are fine. The body is coarse, because each part costs a signature, a request and a row. Files
beyond 10,000 parts of 8 MiB get larger ones. A layout is a pure function of the size, and is stored with the upload
besides: a later version may cut differently without breaking uploads that are under way.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate
from typing import Final

MIB: Final = 1024 * 1024
BODY_PART: Final = 8 * MIB
TAIL: Final = 16 * MIB
MOST_PARTS: Final = 10_000

_HEAD: Final = (MIB, MIB, 2 * MIB, 4 * MIB)
"""What the first part of the body is cut into."""

_STEPS: Final = ((4 * MIB, 8 * MIB), (2 * MIB, 4 * MIB), (MIB, MIB))
"""(part size, used while more than this remains)."""


@dataclass(frozen=True, slots=True)
class Run:
    """Consecutive parts of equal size, in bytes."""

    count: int
    size: int


@dataclass(frozen=True, slots=True)
class Span:
    """Where one part lies in the file, in bytes."""

    offset: int
    size: int


@dataclass(frozen=True, slots=True)
class Layout:
    """Runs in order; parts are numbered from 1."""

    runs: tuple[Run, ...]

    @property
    def part_count(self) -> int:
        """Number of parts."""
        return sum(run.count for run in self.runs)

    @property
    def size(self) -> int:
        """Size of the file, bytes."""
        return sum(run.count * run.size for run in self.runs)

    def numbered(self) -> Iterator[tuple[int, Run]]:
        """Each run with the number of its first part."""
        firsts = accumulate((run.count for run in self.runs), initial=1)
        yield from zip(firsts, self.runs, strict=False)

    def span(self, number: int) -> Span | None:
        """Where a part lies; None for a number that the layout does not have."""
        offset = 0
        for first, run in self.numbered():
            if first <= number < first + run.count:
                return Span(offset + (number - first) * run.size, run.size)
            offset += run.count * run.size
        return None

    def to_text(self) -> str:
        """As it is stored, e.g. "3x8388608,2x4194304"."""
        return ",".join(f"{run.count}x{run.size}" for run in self.runs)

    @classmethod
    def of_text(cls, text: str) -> Layout:
        """The layout that `to_text` wrote."""
        pairs = (run.split("x") for run in text.split(","))
        return cls(tuple(Run(int(count), int(size)) for count, size in pairs))


def layout_of(size: int) -> Layout:
    """The layout for a file of `size` bytes. Raises ValueError for an empty one."""
    if size < 1:
        raise ValueError("an empty file has no parts")
    part = BODY_PART
    while (layout := _cut(size, part)).part_count > MOST_PARTS:
        part *= 2
    return layout


def _cut(size: int, part: int) -> Layout:
    count = max(0, size - TAIL) // part
    left = size - count * part
    runs = [Run(count, part)]
    if count and part == BODY_PART:
        runs = [*(Run(1, step) for step in _HEAD), Run(count - 1, part)]
    for step, above in _STEPS:
        count = max(0, -((above - left) // step))
        runs.append(Run(count, step))
        left -= count * step
    runs.append(Run(1, left))
    return Layout(_joined(runs))


def _joined(runs: list[Run]) -> tuple[Run, ...]:
    kept: list[Run] = []
    for run in runs:
        if run.count and kept and kept[-1].size == run.size:
            kept[-1] = Run(kept[-1].count + run.count, run.size)
        elif run.count:
            kept.append(run)
    return tuple(kept)
