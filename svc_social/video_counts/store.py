"""Counts in the tables."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

from mesh.contention import LostRace, settle
from mesh.tables import Insert, Operation, Tables, Update, UpdateStatic, Value
from svc_social.video_counts.domain import PURGED, Noted, newer
from svc_social.video_counts.tables import COUNTED, COUNTED_VIDEOS, GENERATION, REBUILDS, VIDEO_COUNT

READ_MODEL: Final = "video_counts"
REMEMBERED: Final = timedelta(days=1)
"""How long a purged video is known as such: longer than an event is tried again."""
PATIENCE: Final = 40
"""Attempts of one change: a channel may publish hundreds of videos at the same moment."""


class VideoCounts:
    """Named queries over the numbers of channels' videos."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables
        self._complete = False

    async def note(self, channel_id: str, video_id: str, told: Noted) -> None:
        """Take in what an event led to. Older words change nothing, nor does the same word twice.

        Raises ABORTED (CONTENTION).
        """

        async def attempt() -> None:
            before = await self._noted(channel_id, video_id)
            if not newer(before, told):
                return
            row: dict[str, Value] = {"video_id": video_id}
            values: dict[str, Value] = {"generation": told.generation, "counted": told.counted}
            operation: Operation = Insert({**row, **values})
            if before is not None:
                operation = Update(row, values, {"generation": before.generation, "counted": before.counted})
            await self._commit(channel_id, operation, told.counted - (before is not None and before.counted))

        await settle(attempt, PATIENCE)

    async def forget(self, channel_id: str, video_id: str) -> None:
        """The video is purged. May be repeated. Raises ABORTED (CONTENTION)."""
        gone = Noted(PURGED, counted=False)
        await self.note(channel_id, video_id, gone)
        # Nobody changes it any more, so it may be given its end without a condition.
        row: dict[str, Value] = {"channel_id": channel_id, "video_id": video_id}
        values: dict[str, Value] = {"generation": gone.generation, "counted": gone.counted}
        await self._tables.put(COUNTED_VIDEOS, {**row, **values}, ttl=REMEMBERED)

    async def of(self, channel_ids: Sequence[str]) -> list[int | None]:
        """How many published videos each channel has; None while that is not known yet."""
        rows = await asyncio.gather(
            *(self._tables.get_static(COUNTED_VIDEOS, {"channel_id": channel_id}) for channel_id in channel_ids)
        )
        if not await self.complete():
            return [None] * len(rows)
        return [VIDEO_COUNT.maybe(row) or 0 for row in rows]

    async def complete(self) -> bool:
        """Whether videos from before the first event are counted too."""
        if not self._complete:
            self._complete = await self._tables.get(REBUILDS, {"read_model": READ_MODEL}) is not None
        return self._complete

    async def completed(self) -> None:
        """They are."""
        await self._tables.put(REBUILDS, {"read_model": READ_MODEL, "done_time": datetime.now(UTC)})

    async def _noted(self, channel_id: str, video_id: str) -> Noted | None:
        row = await self._tables.get(COUNTED_VIDEOS, {"channel_id": channel_id, "video_id": video_id})
        return None if row is None else Noted(GENERATION.of(row), COUNTED.of(row))

    async def _commit(self, channel_id: str, operation: Operation, more: int) -> None:
        partition: dict[str, Value] = {"channel_id": channel_id}
        known = VIDEO_COUNT.maybe(await self._tables.get_static(COUNTED_VIDEOS, partition))
        # The sum is read behind the row: an older row fails by its own condition, an older sum by this one.
        sums = UpdateStatic({"video_count": (known or 0) + more}, expect={"video_count": known})
        if not await self._tables.commit(COUNTED_VIDEOS, partition, operation, sums):
            raise LostRace
