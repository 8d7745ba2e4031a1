"""Several processes that want the same row, as replicas of a service do."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from uuid import uuid4

from mesh.tables import Schema, Table, Tables, Unavailable, integer, open_tables, text
from mesh.testing.cassandra import CassandraServer

COUNTS = Table("counts", (text("id"), integer("count")), ("id",))
SCHEMA = Schema("contention", 1, (COUNTS,))
ENGINES = 3
CALLERS = 2
TIMES = 8


async def test_increments_of_several_engines_are_all_counted(cassandra: CassandraServer) -> None:
    """Invariant: the count is the number of increments that were told True, and at most those whose end is unknown."""
    key = {"id": uuid4().hex}
    unknown = 0

    async def increment(tables: Tables) -> None:
        nonlocal unknown
        done = 0
        while done < TIMES:
            row = await tables.get(COUNTS, key)
            assert row is not None
            count = COUNTS.columns[1].of(row)
            try:
                done += await tables.update(COUNTS, key, {"count": count + 1}, expect={"count": count})
            except Unavailable:
                unknown += 1

    async with AsyncExitStack() as stack:
        engines = [
            await stack.enter_async_context(open_tables(f"cql://{cassandra.host}/contention", SCHEMA))
            for _ in range(ENGINES)
        ]
        assert await engines[0].insert(COUNTS, {**key, "count": 0})
        await asyncio.gather(*(increment(tables) for tables in engines * CALLERS))
        row = await engines[0].get(COUNTS, key)
    assert row is not None
    told = ENGINES * CALLERS * TIMES
    assert told <= COUNTS.columns[1].of(row) <= told + unknown
