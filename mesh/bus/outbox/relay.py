"""The publishing side of the outbox: promptly for what this process changed, by sweeps for what others left."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Mapping
from datetime import datetime, timedelta
from typing import Final, Protocol

from mesh.bus.envelope import Envelope
from mesh.bus.errors import BusError
from mesh.bus.outbox.pending import PENDING_EVENTS, envelopes_of, hints_of
from mesh.bus.outbox.table import Hint, partitions_around, read_key
from mesh.tables import Table, TableError, Tables

_log = logging.getLogger(__name__)

_WORKERS: Final = 16
_PAGE: Final = 200
_GLANCE: Final = timedelta(seconds=2)
"""Between looks at the hints of the last minutes."""
_SWEEP: Final = timedelta(minutes=1)
"""Between looks at all hints, however old."""


class Sender(Protocol):
    """The part of the bus that is needed."""

    async def send(self, envelope: Envelope) -> None:
        """Publish; raises BusUnavailable."""
        ...


class Relay:
    """Publishes what rows have waiting."""

    def __init__(
        self,
        tables: Tables,
        bus: Sender,
        hints: Table,
        sources: Mapping[str, Table],
        due: asyncio.Queue[Hint],
        *,
        grace: timedelta,
        stale: timedelta,
        clock: Callable[[], datetime],
    ) -> None:
        self._tables = tables
        self._bus = bus
        self._hints = hints
        self._sources = sources
        self._due = due
        self._grace = grace
        self._stale = stale
        self._clock = clock

    async def run(self) -> None:
        """Until cancelled."""
        async with asyncio.TaskGroup() as group:
            for _ in range(_WORKERS):
                group.create_task(self._prompt())
            group.create_task(self._patrol())

    async def sweep(self) -> int:
        """Look at all hints that are no longer their writer's; the number of those that are left."""
        left = 0
        cursor: bytes | None = None
        while True:
            page = await self._tables.walk(self._hints, limit=_PAGE, cursor=cursor)
            for row in page.rows:
                left += not await self._try(Hint.of(row))
            if page.cursor is None:
                return left
            cursor = page.cursor

    async def _prompt(self) -> None:
        while True:
            hint = await self._due.get()
            try:
                await self._publish(hint, applied=True)
            except (BusError, TableError) as error:
                _log.warning("events of %s wait for the next sweep: %s", hint.target, error)

    async def _patrol(self) -> None:
        loop = asyncio.get_running_loop()
        swept = -_SWEEP.total_seconds() * 2
        while True:
            try:
                if loop.time() - swept > _SWEEP.total_seconds():
                    await self.sweep()
                    swept = loop.time()
                else:
                    async for hint in self._recent():
                        await self._try(hint)
            except (BusError, TableError) as error:
                _log.warning("the outbox cannot be emptied now: %s", error)
            await asyncio.sleep(_GLANCE.total_seconds())

    async def _recent(self) -> AsyncIterator[Hint]:
        for partition in partitions_around(self._clock()):
            cursor: bytes | None = None
            while True:
                page = await self._tables.scan(self._hints, partition, limit=_PAGE, cursor=cursor)
                for row in page.rows:
                    yield Hint.of(row)
                if page.cursor is None:
                    break
                cursor = page.cursor

    async def _try(self, hint: Hint) -> bool:
        """Whether nothing is left of the hint."""
        if self._clock() - hint.written < self._grace:
            return False
        return await self._publish(hint, applied=False)

    async def _publish(self, hint: Hint, *, applied: bool) -> bool:
        """Publish what the row has waiting; `applied` says that its change is known to be made."""
        table = self._sources.get(hint.target)
        if table is None:
            # A newer release's table: its processes look after it.
            return False
        key = read_key(table, hint.key)
        finished = [hint.place]
        while True:
            row = await self._tables.get(table, key)
            pending = None if row is None else row.get(PENDING_EVENTS)
            if not isinstance(pending, bytes):
                if not applied and self._clock() - hint.written < self._stale:
                    # Perhaps its writer is just about to make the change.
                    return False
                break
            for envelope in envelopes_of(pending):
                await self._bus.send(envelope)
            if await self._tables.update(table, key, {PENDING_EVENTS: None}, expect={PENDING_EVENTS: pending}):
                # Each of these changes wrote a hint, and none of them is needed any more.
                finished += [place for place in hints_of(pending) if place != hint.place]
                break
        for place in finished:
            await self._tables.delete(self._hints, place)
        return True
