"""Counting the ends of jobs, by minutes, over all replicas."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from mesh.ids import uuid7
from mesh.tables import Tables, Value
from svc_transcode.operating.tables import FAILED, FINISHED, GIVEN_UP, JOB_COUNTS, REUSED

SHARD = 0
PAGE = 500
LATELY = timedelta(minutes=10)


class End(StrEnum):
    """How an attempt of a job ended."""

    FINISHED = "finished"
    FAILED = "failed"
    """The job is tried again, or given up, which counts besides."""
    GIVEN_UP = "given_up"
    REUSED = "reused"
    """It copied what was made before; it is finished besides."""


class Counts:
    """What ended lately."""

    def __init__(self, tables: Tables, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._tables = tables
        self._now = now
        self._replica = uuid7()
        self._minute = self._of(now())
        self._seen: Counter[End] = Counter()

    async def count(self, *ends: End) -> None:
        """An attempt ended. What is counted may be lost when power fails."""
        minute = self._of(self._now())
        if minute != self._minute:
            self._minute, self._seen = minute, Counter()
        self._seen.update(ends)
        row: dict[str, Value] = {"shard": SHARD, "minute": minute, "replica": self._replica}
        row |= {end.value: self._seen[end] for end in End}
        await self._tables.put(JOB_COUNTS, row, durable=False)

    async def lately(self) -> Counter[End]:
        """What ended within `LATELY`, give or take a minute."""
        found: Counter[End] = Counter()
        since, cursor = self._of(self._now() - LATELY), None
        while True:
            page = await self._tables.scan(JOB_COUNTS, {"shard": SHARD}, start=since, limit=PAGE, cursor=cursor)
            for row in page.rows:
                found[End.FINISHED] += FINISHED.maybe(row) or 0
                found[End.FAILED] += FAILED.maybe(row) or 0
                found[End.GIVEN_UP] += GIVEN_UP.maybe(row) or 0
                found[End.REUSED] += REUSED.maybe(row) or 0
            cursor = page.cursor
            if cursor is None:
                return found

    @staticmethod
    def _of(time: datetime) -> datetime:
        return time.replace(second=0, microsecond=0)
