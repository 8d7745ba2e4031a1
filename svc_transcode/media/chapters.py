"""Chapters that a container holds, made fit to be shown. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from typing import Final

from svc_transcode.media.info import ChapterInfo

MOST: Final = 100
FEWEST: Final = 2
MOST_TITLE: Final = 100
"""Characters."""
LEAST: Final = 1_000
"""Milliseconds. Of marks that follow each other sooner, the first counts."""


def tidied(found: Iterable[ChapterInfo], duration: Fraction) -> tuple[ChapterInfo, ...]:
    """The chapters in order of time, the first from 0, without what begins behind the end; none, or at least two.

    What is left out belongs to the chapter before it. A chapter without a title is called by its number.
    """
    kept: list[ChapterInfo] = []
    for chapter in sorted(found, key=lambda chapter: chapter.start):
        start = max(0, chapter.start) if kept else 0
        if chapter.start >= duration * 1000 or (kept and start - kept[-1].start < LEAST):
            continue
        if len(kept) == MOST:
            break
        kept.append(ChapterInfo(start, _title(chapter.title) or f"Chapter {len(kept) + 1}"))
    return tuple(kept) if len(kept) >= FEWEST else ()


def _title(text: str) -> str:
    return " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())[:MOST_TITLE].rstrip()
