"""A container's index, thinned, and which parts of the file a stretch of time needs. Pure."""

from __future__ import annotations

import itertools
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

from svc_transcode.media.info import IndexPoint

APART = Fraction(1)
"""Seconds between two points of the video that are kept."""

_WIDEST_GAP = Fraction(30)  # wider, and the index is taken to be incomplete
_MARGIN = Fraction(1)  # decoding time runs ahead of presentation, and decoders read ahead of what they give out


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry as the container has it: a sample, or for Matroska a cue (whose size is 0)."""

    time: Fraction
    position: int
    size: int
    keyframe: bool


def thin(entries: Sequence[Entry], file_size: int, apart: Fraction = APART) -> tuple[IndexPoint, ...]:
    """Points with the extent of all samples up to the next; () for a useless index.

    Keyframes that are `apart` seconds from each other begin one, and so does any sample that is so far from the last
    point: where keyframes are far apart, what comes late in a group is not needed by what comes early in it.
    """
    keys = [entry for entry in entries if entry.keyframe]
    if not keys or any(b.time - a.time > _WIDEST_GAP for a, b in itertools.pairwise(keys)):
        return ()
    groups: list[list[Entry]] = []
    last_key = entries[0].time - apart
    for entry in entries:
        if not groups or entry.time - (last_key if entry.keyframe else groups[-1][0].time) >= apart:
            groups.append([])
            last_key = entry.time if entry.keyframe else last_key
        groups[-1].append(entry)
    sized = all(entry.size > 0 for entry in entries)
    starts = [min(entry.position for entry in group) for group in groups]
    if sized:
        ends = [max(entry.position + entry.size for entry in group) for group in groups]
    else:
        ends = [*starts[1:], file_size]
    return tuple(
        IndexPoint(group[0].time, start, end, group[0].keyframe)
        for group, start, end in zip(groups, starts, ends, strict=True)
    )


class PartIndex:
    """Which parts hold a track's samples of a stretch of time. Made once for a source: thousands of chunks ask it."""

    def __init__(self, points: Sequence[IndexPoint], part_sizes: Iterable[int]) -> None:
        self._points = points
        self._times = [point.time for point in points]
        self._keys = [number for number, point in enumerate(points) if point.keyframe]
        self._key_times = [points[number].time for number in self._keys]
        self._edges = [0, *itertools.accumulate(part_sizes)]

    def needed(self, start: Fraction, end: Fraction | None) -> tuple[range, ...] | None:
        """Ranges of part indexes, in order and apart; None where the index does not tell, so all may be needed.

        What opening the file reads comes on top; those parts were there when it was probed. An estimate to start work
        by, not a promise: a child that needs more says so.
        """
        if not self._keys:
            return None
        first = self._keys[max(0, bisect_right(self._key_times, start - _MARGIN) - 1)]
        last = len(self._times) if end is None else max(first + 1, bisect_left(self._times, end + _MARGIN))
        found = [self._parts(point) for point in self._points[first:last]]
        return tuple(_joined(sorted(found, key=lambda parts: parts.start)))

    def _parts(self, point: IndexPoint) -> range:
        return range(bisect_right(self._edges, point.first_byte) - 1, bisect_left(self._edges, point.end_byte))


def _joined(ranges: Iterable[range]) -> Iterator[range]:
    current: range | None = None
    for parts in ranges:
        if current is not None and parts.start <= current.stop:
            current = range(current.start, max(current.stop, parts.stop))
            continue
        if current is not None:
            yield current
        current = parts
    if current is not None:
        yield current
