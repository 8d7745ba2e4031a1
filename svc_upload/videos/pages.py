"""Pages of lists whose rows are hints: what is shown is decided by the videos themselves, so rows are left out."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import Final, TypeAlias

from svc_upload.videos.domain import VideoRecord

EXAMINED: Final = 500
"""Most rows of a list that one page looks at."""


@dataclass(frozen=True, slots=True)
class Listing:
    """A page of videos; `cursor` is None exactly when nothing more follows."""

    videos: tuple[VideoRecord, ...]
    cursor: bytes | None


@dataclass(frozen=True, slots=True)
class Look:
    """What one look at the rows of a list gave."""

    shown: Iterable[VideoRecord]
    examined: int
    """Rows that were looked at."""
    cursor: bytes | None


Read: TypeAlias = Callable[[int, bytes | None], Awaitable[Look]]
"""At most so many rows from a position on."""


async def filled(read: Read, *, limit: int, cursor: bytes | None) -> Listing:
    """A page of at most `limit` videos. It looks at about 500 rows at most, so it may be short, even empty, while more
    follow. Raises InvalidCursor.
    """
    kept: list[VideoRecord] = []
    examined = 0
    while True:
        # Never more than are still wanted, so that the cursor is exact whatever is left out.
        look = await read(limit - len(kept), cursor)
        kept += look.shown
        examined += look.examined
        cursor = look.cursor
        if cursor is None or len(kept) == limit or examined >= EXAMINED:
            return Listing(tuple(kept), cursor)
