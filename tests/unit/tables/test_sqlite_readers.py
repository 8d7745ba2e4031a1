"""The reading threads: what comes back to the event loop, and what becomes of those who went away."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import AsyncGenerator, Callable
from pathlib import Path

import pytest

from mesh.tables import Closed, Overloaded, Unavailable, sqlite_readers
from mesh.tables.sqlite_connections import open_writer
from mesh.tables.sqlite_readers import Readers

THREADS = 4


@pytest.fixture
async def readers(tmp_path: Path) -> AsyncGenerator[Readers]:
    path = tmp_path / "r.db"
    connection = open_writer(path)
    connection.execute("CREATE TABLE t(n INTEGER PRIMARY KEY)")
    connection.execute("INSERT INTO t VALUES(1), (2), (3)")
    readers = Readers(path)
    yield readers
    await readers.close()
    connection.close()


def total(connection: sqlite3.Connection) -> int:
    """A read."""
    return connection.execute("SELECT sum(n) FROM t").fetchone()[0]


async def held(readers: Readers) -> tuple[list[asyncio.Future[None]], threading.Event]:
    """Keep every thread busy, so that what follows waits behind them."""
    busy, release = threading.Barrier(THREADS + 1), threading.Event()

    def run(_: sqlite3.Connection) -> None:
        busy.wait(10)
        release.wait(10)

    holding = [readers.submit(run) for _ in range(THREADS)]
    await asyncio.to_thread(busy.wait, 10)
    return holding, release


async def test_many_reads_at_once_all_hear_their_own_answer(readers: Readers) -> None:
    def answer(number: int) -> Callable[[sqlite3.Connection], int]:
        return lambda connection: total(connection) * number

    assert await asyncio.gather(*(readers.submit(answer(n)) for n in range(500))) == [6 * n for n in range(500)]


async def test_several_statements_see_one_snapshot(readers: Readers, tmp_path: Path) -> None:
    def both(connection: sqlite3.Connection) -> tuple[int, int]:
        before = total(connection)
        with sqlite3.connect(tmp_path / "r.db") as other:
            other.execute("INSERT INTO t VALUES(100)")
        other.close()
        return before, total(connection)

    assert await readers.submit(both) == (6, 6)
    assert await readers.submit(total, single=True) == 106


async def test_a_read_that_fails_leaves_its_neighbours_alone(readers: Readers) -> None:
    def bug(_: sqlite3.Connection) -> None:
        raise LookupError("a bug in one read")

    def no_table(connection: sqlite3.Connection) -> None:
        connection.execute("SELECT * FROM missing")

    reads = [readers.submit(run) for run in (bug, no_table, total, bug, no_table, total) * 5]
    found = await asyncio.gather(*reads, return_exceptions=True)
    assert [type(one) for one in found] == [LookupError, Unavailable, int] * 10


async def test_a_caller_that_goes_away_before_its_turn_reads_nothing_and_makes_room(readers: Readers) -> None:
    holding, release = await held(readers)
    ran: list[str] = []
    leaving = readers.submit(lambda _: ran.append("leaving"))
    staying = readers.submit(total)
    leaving.cancel()
    release.set()
    assert await staying == 6
    await asyncio.gather(*holding)
    assert not ran
    assert await readers.submit(total) == 6


async def test_too_many_that_wait_are_sent_away_until_there_is_room(
    readers: Readers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite_readers, "_MOST_WAITING", THREADS + 1)
    holding, release = await held(readers)
    waiting = readers.submit(total)
    with pytest.raises(Overloaded):
        readers.submit(total)
    release.set()
    await asyncio.gather(waiting, *holding)
    assert await readers.submit(total) == 6


async def test_closing_finishes_what_was_accepted_and_refuses_the_rest(readers: Readers) -> None:
    holding, release = await held(readers)
    waiting = [readers.submit(total) for _ in range(10)]
    closing = asyncio.ensure_future(readers.close())
    await asyncio.sleep(0)
    with pytest.raises(Closed):
        readers.submit(total)
    release.set()
    await asyncio.gather(closing, *holding)
    assert await asyncio.gather(*waiting) == [6] * 10
    await readers.close()
