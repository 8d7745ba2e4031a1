"""What a storyboard is made of: which pictures, how large, where on which sheet, and the WebVTT that says so. Pure.

A storyboard shows a viewer who looks for a moment what is there: small pictures ("tiles"), one for each stretch of
time, side by side on JPEG sheets. Every segment begins with a keyframe, so a tile is the first picture of a segment.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

NAME = "storyboard.vtt"
"""Of the WebVTT file, beside the sheets."""
MOST_TILES = 1000
LONG_SIDE = 160
"""Pixels of a tile's longer side, at most."""
COLUMNS = ROWS = 5
"""Of a sheet, at most."""


@dataclass(frozen=True, slots=True)
class Layout:
    """How tiles lie on sheets: row by row, sheet by sheet."""

    columns: int
    rows: int
    sheets: int

    @classmethod
    def of(cls, tiles: int) -> Layout:
        """Full sheets of one size; where one sheet is enough, it is no larger than it must be."""
        columns, a_sheet = min(COLUMNS, tiles), COLUMNS * ROWS
        return cls(columns, min(ROWS, -(-tiles // columns)), -(-tiles // a_sheet))

    def place(self, tile: int) -> tuple[int, int, int]:
        """Of a tile: the number of its sheet, its column and its row."""
        sheet, place = divmod(tile, self.columns * self.rows)
        row, column = divmod(place, self.columns)
        return sheet, column, row


def stride(segments: int) -> int:
    """Every how many-th segment has a tile: each one, or as few more as keep the tiles within `MOST_TILES`.

    With segments of 2 s: 2 s up to 33 min, 4 s up to 66 min, 44 s in twelve hours.
    """
    return max(1, -(-segments // MOST_TILES))


def tile_size(width: int, height: int) -> tuple[int, int]:
    """Of a picture of `width` × `height`: in its aspect, its longer side at most `LONG_SIDE`, both even."""
    scale = min(Fraction(1), Fraction(LONG_SIDE, max(width, height)))
    return max(2, 2 * round(width * scale / 2)), max(2, 2 * round(height * scale / 2))


def webvtt(starts: Sequence[Fraction], end: Fraction, size: tuple[int, int], sheets: Sequence[str]) -> str:
    """A cue for each tile, whose text is its sheet's relative URL and its place on it (WebVTT; W3C Media Fragments
    URI 1.0, 4.2.2).

    `starts`: when each tile's segment begins, seconds, ascending; `end`: of the video. A cue reaches to the next one,
    and the first begins at 0, so every moment has a tile.
    """
    layout, (width, height) = Layout.of(len(starts)), size
    lines = ["WEBVTT", ""]
    for tile, (start, until) in enumerate(_stretches(starts, end)):
        sheet, column, row = layout.place(tile)
        place = f"{column * width},{row * height},{width},{height}"
        lines += [f"{_clock(start)} --> {_clock(until)}", f"{sheets[sheet]}#xywh={place}", ""]
    return "\n".join(lines)


def _stretches(starts: Sequence[Fraction], end: Fraction) -> Iterator[tuple[int, int]]:
    """In milliseconds; none is empty."""
    edges = [0, *(round(start * 1000) for start in starts[1:]), round(end * 1000)]
    for start, until in itertools.pairwise(edges):
        yield start, max(until, start + 1)


def _clock(milliseconds: int) -> str:
    seconds, rest = divmod(milliseconds, 1000)
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}.{rest:03}"
