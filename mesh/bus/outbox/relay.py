"""The publishing side of the outbox: promptly for what this process changed, by sweeps for what others left."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Mapping
from datetime import datetime, timedelta
from typing import Final, Protocol

from mesh.bus.envelope import Envelope
from mesh.bus.errors import BusError
from mesh.bus.outbox.pending import PENDING_EVENTS, read, written
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
        self._busy: dict[tuple[str, str], list[Hint]] = {}

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
            row = (hint.target, hint.key)
            if row in self._busy:
                # One at a time for a row: several would only publish the same and be in each other's way.
                self._busy[row].append(hint)
                continue
            self._busy[row] = [hint]
            try:
                while self._busy[row]:
                    await self._publish(self._busy[row].pop(0), applied=True)
            except (BusError, TableError) as error:
                _log.warning("events of %s wait for the next sweep: %s", hint.target, error)
            finally:
                del self._busy[row]

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
        # One from the future was written by a clock that is ahead, or before ours was put back.
        if abs(self._clock() - hint.written) < self._grace:
            return False
        return await self._publish(hint, applied=False)

    async def _publish(self, hint: Hint, *, applied: bool) -> bool:
        """Publish what the row has waiting; `applied` says that its change is known to be made."""
        table = self._sources.get(hint.target)
        if table is None:
            # A newer release's table: its processes look after it.
            return False
        key = read_key(table, hint.key)
        places = [hint.place]
        sent: set[str] = set()
        while True:
            row = await self._tables.get(table, key)
            pending = None if row is None else row.get(PENDING_EVENTS)
            waiting = read(pending)
            if not waiting:
                break
            left = [one for one in waiting if one.id not in sent]
            # What was sent goes before more is sent, so that the look and the change are close together: while
            # others keep appending, a slow change would never succeed.
            if len(left) < len(waiting):
                await self._tables.update(table, key, {PENDING_EVENTS: written(left)}, expect={PENDING_EVENTS: pending})
            for one in left:
                await self._bus.send(one.envelope)
                sent.add(one.id)
                # Its change wrote a hint of its own, which leads to nothing any more.
                places += [] if one.hint in places else [one.hint]
        if not applied and not sent and self._clock() - hint.written < self._stale:
            # Perhaps its writer is just about to make the change.
            return False
        for place in places:
            await self._tables.delete(self._hints, place)
        return True
