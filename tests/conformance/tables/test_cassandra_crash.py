"""A Cassandra that dies: what it acknowledged is there afterwards, and callers hear in time and go on by themselves."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Generator
from contextlib import ExitStack, suppress
from pathlib import Path
from uuid import uuid4

import pytest

from mesh.tables import Closed, Schema, Table, Unavailable, integer, open_tables, text
from mesh.testing.cassandra import CassandraMissing, CassandraServer, cassandra_server

NOTES = Table("notes", (text("id"), integer("n")), ("id",))
SCHEMA = Schema("crash", 1, (NOTES,))

ENOUGH = 20
"""Writes that each writer has had acknowledged when the server is killed."""
WRITERS = 8


@pytest.fixture
def mortal(tmp_path: Path) -> Generator[CassandraServer]:
    """A server of the test's own, which keeps its tables too when it is killed."""
    with ExitStack() as stack:
        try:
            server = stack.enter_context(cassandra_server(tmp_path / "cassandra", durable_schema=True))
        except CassandraMissing as missing:
            pytest.skip(str(missing))
        yield server


async def test_acknowledged_writes_outlive_a_kill_and_the_tables_go_on(mortal: CassandraServer) -> None:
    """Invariants: a write that returned is there; any other raised Unavailable within the time of one request."""
    name = uuid4().hex
    acknowledged: list[str] = []
    warm = asyncio.Barrier(WRITERS + 1)
    slowest = 0.0
    killed = False

    async with open_tables(f"cql://{mortal.host}/crash", SCHEMA) as tables:

        async def write(writer: int) -> None:
            nonlocal slowest
            had = 0
            for number in itertools.count():
                note = f"{name}-{writer}-{number}"
                began = time.monotonic()
                try:
                    if writer % 2:
                        await tables.put(NOTES, {"id": note, "n": number})
                    else:
                        assert await tables.insert(NOTES, {"id": note, "n": number})
                except Unavailable:
                    if killed:
                        return
                    continue
                finally:
                    slowest = max(slowest, time.monotonic() - began)
                acknowledged.append(note)
                had += 1
                if had == ENOUGH:
                    await warm.wait()

        writers = [asyncio.ensure_future(write(writer)) for writer in range(WRITERS)]
        # However fast the machine is: all write, and are in the midst of it when the server dies.
        async with asyncio.timeout(60):
            await warm.wait()
        killed = True
        await asyncio.to_thread(mortal.kill)
        await asyncio.gather(*writers)
        assert slowest < 12
        with pytest.raises(Unavailable):
            await tables.get(NOTES, {"id": name})

        # It is started from this thread: the server dies with the one that started it.
        mortal.start()
        async with asyncio.timeout(20):
            while True:
                with suppress(Unavailable):
                    await tables.get(NOTES, {"id": name})
                    break
                await asyncio.sleep(0.1)
        assert len(acknowledged) >= ENOUGH * WRITERS
        for start in range(0, len(acknowledged), 500):
            part = acknowledged[start : start + 500]
            rows = await tables.get_many(NOTES, [{"id": note} for note in part])
            assert [row["id"] if row else None for row in rows] == part


async def test_a_clock_that_is_put_back_holds_nobody_up(
    cassandra: CassandraServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = time.time_ns
    async with open_tables(f"cql://{cassandra.host}/crash", SCHEMA) as tables:
        await tables.put(NOTES, {"id": uuid4().hex, "n": 1})
        monkeypatch.setattr(time, "time_ns", lambda: now() - 600 * 10**9)
        async with asyncio.timeout(5):
            assert await tables.insert(NOTES, {"id": uuid4().hex, "n": 1})


async def test_closed_tables_say_so(cassandra: CassandraServer) -> None:
    async with open_tables(f"cql://{cassandra.host}/crash", SCHEMA) as tables:
        writing = asyncio.ensure_future(tables.put(NOTES, {"id": "last", "n": 1}))
        await asyncio.sleep(0)
    with suppress(Closed):
        await writing
    await tables.close()
    for call in (tables.get(NOTES, {"id": "x"}), tables.insert(NOTES, {"id": "x"})):
        with pytest.raises(Closed):
            await call
