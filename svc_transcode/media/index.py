"""A container's index, thinned to places where decoding may start, and what a chunk needs of it. Pure."""

from __future__ import annotations

import itertools
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction

from svc_transcode.media.grid import Chunk
from svc_transcode.media.info import IndexPoint, SourceInfo

_APART = Fraction(1)  # seconds between two points that are kept
_WIDEST_GAP = Fraction(30)  # wider, and the index is taken to be incomplete
_MARGIN = Fraction(1)  # decoding time runs ahead of presentation, and decoders read ahead of what they give out


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry as the container has it: a sample, or for Matroska a cue (whose size is 0)."""

    time: Fraction
    position: int
    size: int
    keyframe: bool


def thin(entries: Sequence[Entry], file_size: int) -> tuple[IndexPoint, ...]:
    """Points at least a second apart, each with the extent of all samples up to the next; () for a useless index."""
    keys = [entry for entry in entries if entry.keyframe]
    if not keys or any(b.time - a.time > _WIDEST_GAP for a, b in itertools.pairwise(keys)):
        return ()
    groups: list[list[Entry]] = []
    for entry in entries:
        if not groups or (entry.keyframe and entry.time - groups[-1][0].time >= _APART):
            groups.append([])
        groups[-1].append(entry)
    sized = all(entry.size > 0 for entry in entries)
    starts = [min(entry.position for entry in group) for group in groups]
    if sized:
        ends = [max(entry.position + entry.size for entry in group) for group in groups]
    else:
        ends = [*starts[1:], file_size]
    return tuple(IndexPoint(group[0].time, start, end) for group, start, end in zip(groups, starts, ends, strict=True))


def chunk_parts(info: SourceInfo, chunk: Chunk, part_sizes: Sequence[int]) -> frozenset[int] | None:
    """The parts that hold the chunk's video samples; None where the index does not tell, so all may be needed.

    What opening the file reads comes on top; those parts were there when it was probed. An estimate to start work
    by, not a promise: a child that needs more asks for it and waits.
    """
    if not info.index:
        return None
    times = [point.time for point in info.index]
    first = max(0, bisect_right(times, chunk.start - _MARGIN) - 1)
    last = len(times) if chunk.end is None else max(first + 1, bisect_left(times, chunk.end + _MARGIN))
    return frozenset(itertools.chain.from_iterable(_parts(info.index[first:last], part_sizes)))


def _parts(points: Iterable[IndexPoint], part_sizes: Sequence[int]) -> Iterable[range]:
    edges = [0, *itertools.accumulate(part_sizes)]
    for point in points:
        yield range(bisect_right(edges, point.first_byte) - 1, bisect_left(edges, point.end_byte))
