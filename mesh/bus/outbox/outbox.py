"""The writing side of the outbox, and the loop that publishes."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Final

from google.protobuf.message import Message

from mesh.bus.outbox.changes import find_carrier, holds, with_pending
from mesh.bus.outbox.pending import PENDING_EVENTS, Waiting, appended, packed
from mesh.bus.outbox.relay import Relay, Sender
from mesh.bus.outbox.table import Hint
from mesh.tables import (
    ColumnType,
    Insert,
    InvalidSchema,
    Operation,
    Overloaded,
    Table,
    TableError,
    Tables,
    Update,
    Values,
)

_log = logging.getLogger(__name__)

GRACE: Final = timedelta(seconds=2)
"""Age from which a hint counts as left behind by a process that died; younger ones their writer takes care of."""

STALE: Final = timedelta(minutes=10)
"""Age from which a hint without events is deleted. No write may take that long, and no two clocks differ so much."""

_TRIES: Final = 8
_QUEUED: Final = 10_000


class Outbox:
    """Changes with events. `run` has to run in some replica for them to be published.

    Every source table has `blob("pending_events")`, and nobody else writes that column. Write its rows with
    conditions only (`insert`, `update`, `commit`), and delete one only with `expect={"pending_events": None}`:
    otherwise events that wait are lost. Wakes may be among the events; they are sent once or twice, or not at all.
    """

    def __init__(
        self,
        tables: Tables,
        bus: Sender,
        hints: Table,
        sources: Sequence[Table],
        *,
        grace: timedelta = GRACE,
        stale: timedelta = STALE,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """Raises InvalidSchema where a source has no `pending_events`."""
        for table in sources:
            if not any(c.name == PENDING_EVENTS and c.type is ColumnType.BLOB for c in table.regular):
                raise InvalidSchema(f"table {table.name} has no blob({PENDING_EVENTS!r})")
        self._tables = tables
        self._hints = hints
        self._sources: Mapping[str, Table] = {table.name: table for table in sources}
        self._clock = clock
        self._due: asyncio.Queue[Hint] = asyncio.Queue(_QUEUED)
        self._relay = Relay(tables, bus, hints, self._sources, self._due, grace=grace, stale=stale, clock=clock)
        self._stale = stale

    async def insert(self, table: Table, row: Values, events: Sequence[Message]) -> bool:
        """As `Tables.insert`, and if it writes, the events will be published."""
        if not events:
            return await self._tables.insert(table, row)
        key = {column.name: row[column.name] for column in table.key}

        async def write(new: Sequence[Waiting]) -> bool:
            return await self._tables.insert(table, {**row, PENDING_EVENTS: appended(None, new)})

        return await self._hinted(table, key, events, write)

    async def update(
        self, table: Table, key: Values, changes: Values, *, expect: Values, events: Sequence[Message]
    ) -> bool:
        """As `Tables.update`, and if it writes, the events will be published.

        Under much contention it may answer False although `expect` held; who reads again and repeats is right
        either way. Raises Overloaded while too many events of the row wait for the bus.
        """
        return await self._commit(table, key, [Update(_clustering(table, key), changes, expect)], events)

    async def commit(
        self, table: Table, partition: Values, *operations: Operation, carrier: Values, events: Sequence[Message]
    ) -> bool:
        """As `Tables.commit`, and if it writes, the events will be published.

        They wait in the row that `carrier` (its clustering columns) names: one that the commit inserts or updates,
        or another that exists. Otherwise as `update`; InvalidQuery where the commit puts or deletes that row.
        """
        return await self._commit(table, {**partition, **carrier}, list(operations), events)

    async def run(self) -> None:
        """Publish until cancelled: what this process changed at once, what others left behind within seconds."""
        await self._relay.run()

    async def sweep(self) -> int:
        """Look at every hint there is, once, publish what waits, and give the number of hints that are left.

        Raises BusUnavailable, TableError.
        """
        return await self._relay.sweep()

    async def _commit(self, table: Table, key: Values, operations: list[Operation], events: Sequence[Message]) -> bool:
        partition = {column.name: key[column.name] for column in table.partition}
        carrier = _clustering(table, key)
        change = find_carrier(table, operations, carrier)
        if not events:
            return await self._tables.commit(table, partition, *operations)

        async def write(new: Sequence[Waiting]) -> bool:
            known: bytes | None = None
            unchanged = 0
            for _ in range(_TRIES):
                rewritten = with_pending(table, operations, carrier, known, appended(known, new))
                if await self._tables.commit(table, partition, *rewritten):
                    return True
                if isinstance(change, Insert):
                    return False
                row = await self._tables.get(table, key)
                if row is None or not holds(change.expect, row):
                    return False
                found = row.get(PENDING_EVENTS)
                unchanged = unchanged + 1 if found == known else 0
                # Once more, because the events may have been published between the attempt and the look; then it
                # was another row's condition that did not hold.
                if unchanged > 1:
                    return False
                known = found if isinstance(found, bytes) else None
            return False

        return await self._hinted(table, key, events, write)

    async def _hinted(
        self,
        table: Table,
        key: Values,
        events: Sequence[Message],
        write: Callable[[Sequence[Waiting]], Awaitable[bool]],
    ) -> bool:
        if table.name not in self._sources:
            raise InvalidSchema(f"table {table.name} is no source of this outbox")
        hint = Hint.new(table, key, self._clock())
        new = packed(events, f"{table.name}:{hint.id}", hint.place)
        await self._tables.put(self._hints, hint.row)
        try:
            applied = await write(new)
        except Overloaded:
            await self._forget(hint)
            raise
        if not applied:
            await self._forget(hint)
            return False
        if self._clock() - hint.written > self._stale / 2:
            # So slow that the hint may be gone: the events must not wait without one.
            await self._tables.put(self._hints, hint.row)
        with suppress(asyncio.QueueFull):
            self._due.put_nowait(hint)
        return True

    async def _forget(self, hint: Hint) -> None:
        try:
            await self._tables.delete(self._hints, hint.place)
        except TableError as error:
            _log.debug("a hint is left for the sweep: %s", error)


def _clustering(table: Table, key: Values) -> Values:
    return {column.name: key[column.name] for column in table.clustering}
