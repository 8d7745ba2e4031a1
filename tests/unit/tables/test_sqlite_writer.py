"""The writing thread: what it commits together, what it keeps apart, and when it gives up."""

from __future__ import annotations

import asyncio
import resource
import sqlite3
import threading
from collections.abc import AsyncGenerator, Callable
from contextlib import closing
from pathlib import Path

import pytest

from mesh.tables import Closed, Unavailable
from mesh.tables.sqlite_connections import open_writer
from mesh.tables.sqlite_writer import Writer

PUT = "INSERT INTO t(n, data) VALUES(?, ?) ON CONFLICT(n) DO UPDATE SET data = excluded.data"


@pytest.fixture
def connection(tmp_path: Path) -> sqlite3.Connection:
    connection = open_writer(tmp_path / "w.db")
    connection.execute("CREATE TABLE t(n INTEGER PRIMARY KEY, data BLOB)")
    return connection


@pytest.fixture
async def writer(connection: sqlite3.Connection) -> AsyncGenerator[Writer]:
    writer = Writer(connection)
    yield writer
    await writer.close()


def adding(number: int) -> Callable[[sqlite3.Connection], int]:
    """A write of one row."""

    def run(connection: sqlite3.Connection) -> int:
        connection.execute("INSERT INTO t(n) VALUES(?)", (number,))
        return number

    return run


async def held(writer: Writer) -> tuple[asyncio.Future[None], threading.Event]:
    """Keep the thread busy inside a transaction, so that what follows gathers behind it."""
    busy, release = threading.Event(), threading.Event()

    def run(_: sqlite3.Connection) -> None:
        busy.set()
        release.wait(10)

    holding = asyncio.ensure_future(writer.submit(run))
    await asyncio.to_thread(busy.wait, 10)
    return holding, release


def stored(path: Path) -> list[int]:
    """The rows that another connection sees."""
    with closing(sqlite3.connect(path / "w.db")) as connection:
        return [number for (number,) in connection.execute("SELECT n FROM t ORDER BY n")]


async def test_writes_that_gather_are_one_transaction_in_order(writer: Writer, tmp_path: Path) -> None:
    holding, release = await held(writer)
    order: list[int] = []
    seen: list[list[int]] = []

    def run(number: int) -> Callable[[sqlite3.Connection], int]:
        def add(connection: sqlite3.Connection) -> int:
            order.append(number)
            seen.append(stored(tmp_path))
            return adding(number)(connection)

        return add

    writes = [asyncio.ensure_future(writer.submit(run(number))) for number in range(10)]
    await asyncio.sleep(0)
    release.set()
    assert await asyncio.gather(holding, *writes) == [None, *range(10)]
    assert order == list(range(10))
    assert seen == [[]] * 10
    assert stored(tmp_path) == list(range(10))


async def test_a_write_that_fails_leaves_its_neighbours_alone(writer: Writer, tmp_path: Path) -> None:
    holding, release = await held(writer)

    def half(connection: sqlite3.Connection) -> None:
        adding(100)(connection)
        raise LookupError("a bug in one write")

    writes = [
        asyncio.ensure_future(write)
        for write in (
            writer.submit(adding(1)),
            writer.submit(half),
            writer.submit(adding(1)),
            writer.submit(adding(2)),
        )
    ]
    await asyncio.sleep(0)
    release.set()
    await holding
    first, second, third, fourth = await asyncio.gather(*writes, return_exceptions=True)
    assert (first, fourth) == (1, 2)
    assert isinstance(second, LookupError)
    assert isinstance(third, Unavailable)
    assert "CONSTRAINT" in str(third)
    assert stored(tmp_path) == [1, 2]


async def test_a_statement_that_fails_half_way_is_undone_whole_and_alone(writer: Writer, tmp_path: Path) -> None:
    holding, release = await held(writer)
    writes = [
        asyncio.ensure_future(writer.execute(f"INSERT INTO t(n) VALUES {rows}", ()))
        for rows in ("(1)", "(50), (1)", "(2), (3)")
    ]
    await asyncio.sleep(0)
    release.set()
    await holding
    first, second, third = await asyncio.gather(*writes, return_exceptions=True)
    assert (first, third) == (1, 2)
    assert isinstance(second, Unavailable)
    assert stored(tmp_path) == [1, 2, 3]


async def test_puts_that_gather_take_effect_in_order_between_other_writes(writer: Writer, tmp_path: Path) -> None:
    holding, release = await held(writer)
    writes = [
        *(writer.put(PUT, (number % 3, b"%d" % number)) for number in range(6)),
        writer.execute("DELETE FROM t WHERE n = ?", (0,)),
        *(writer.put(PUT, (number % 3, b"%d" % number)) for number in range(7, 12)),
        writer.put(PUT.replace("INSERT", "REPLACE"), (3, b"another text")),
    ]
    release.set()
    await holding
    assert await asyncio.gather(*writes) == [None] * 6 + [1] + [None] * 5 + [None]
    with closing(sqlite3.connect(tmp_path / "w.db")) as connection:
        found = connection.execute("SELECT n, data FROM t ORDER BY n").fetchall()
    assert found == [(0, b"9"), (1, b"10"), (2, b"11"), (3, b"another text")]


async def test_a_put_that_fails_among_others_fails_alone(writer: Writer, tmp_path: Path) -> None:
    holding, release = await held(writer)
    writes = [writer.put(PUT, (number, b"")) for number in (1, "no number", 2)]
    release.set()
    await holding
    first, second, third = await asyncio.gather(*writes, return_exceptions=True)
    assert (first, third) == (None, None)
    assert isinstance(second, Unavailable)
    assert stored(tmp_path) == [1, 2]


async def test_a_put_whose_caller_goes_away_is_not_made_and_those_beside_it_are(writer: Writer, tmp_path: Path) -> None:
    holding, release = await held(writer)
    staying, leaving, another = [asyncio.ensure_future(writer.put(PUT, (number, b""))) for number in range(3)]
    leaving.cancel()
    release.set()
    await asyncio.gather(holding, staying, another)
    assert stored(tmp_path) == [0, 2]


async def test_puts_on_a_full_disk_fail_together_and_the_engine_goes_on(
    connection: sqlite3.Connection, writer: Writer, tmp_path: Path
) -> None:
    (pages,) = connection.execute("PRAGMA page_count").fetchone()
    connection.execute(f"PRAGMA max_page_count = {pages + 4}")
    holding, release = await held(writer)
    writes = [writer.put(PUT, (number, bytes(10_000))) for number in range(3)]
    release.set()
    await holding
    for failed in await asyncio.gather(*writes, return_exceptions=True):
        assert isinstance(failed, Unavailable)
    await writer.put(PUT, (1, b""))
    assert stored(tmp_path) == [1]


async def test_a_caller_that_goes_away_before_its_turn_writes_nothing(writer: Writer, tmp_path: Path) -> None:
    holding, release = await held(writer)
    leaving = asyncio.ensure_future(writer.submit(adding(1)))
    staying = asyncio.ensure_future(writer.submit(adding(2)))
    await asyncio.sleep(0)
    leaving.cancel()
    release.set()
    await holding
    await staying
    assert stored(tmp_path) == [2]


async def test_closing_finishes_what_was_accepted_and_refuses_the_rest(writer: Writer, tmp_path: Path) -> None:
    holding, release = await held(writer)
    writes = [asyncio.ensure_future(writer.submit(adding(number))) for number in range(5)]
    await asyncio.sleep(0)
    closing_down = asyncio.ensure_future(writer.close())
    await asyncio.sleep(0)
    with pytest.raises(Closed):
        await writer.submit(adding(9))
    release.set()
    await asyncio.gather(holding, closing_down)
    assert await asyncio.gather(*writes) == list(range(5))
    assert stored(tmp_path) == list(range(5))
    await writer.close()


async def test_a_full_disk_fails_the_write_and_not_the_engine(
    connection: sqlite3.Connection, writer: Writer, tmp_path: Path
) -> None:
    (pages,) = connection.execute("PRAGMA page_count").fetchone()
    connection.execute(f"PRAGMA max_page_count = {pages + 4}")

    def large(connection: sqlite3.Connection) -> None:
        connection.execute("INSERT INTO t VALUES(100, zeroblob(1000000))")

    with pytest.raises(Unavailable, match="FULL"):
        await writer.submit(large)
    assert await writer.submit(adding(1)) == 1
    assert stored(tmp_path) == [1]


async def test_after_a_failed_write_to_the_file_nothing_is_promised_any_more(writer: Writer, tmp_path: Path) -> None:
    assert await writer.submit(adding(1)) == 1

    def large(connection: sqlite3.Connection) -> None:
        connection.execute("INSERT INTO t VALUES(100, zeroblob(3000000))")

    # The system refuses to let any file grow past the limit, as it would on a broken disk.
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, limits[1]))
    try:
        with pytest.raises(Unavailable, match="IOERR"):
            await writer.submit(large)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    with pytest.raises(Unavailable, match="IOERR"):
        await writer.submit(adding(2))
    assert stored(tmp_path) == [1]
