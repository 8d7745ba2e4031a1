"""No query of the SQLite engine reads more than it gives: each is one search of a key, already in order."""

from __future__ import annotations

import sqlite3
from collections.abc import Generator

import pytest

from mesh.tables import Table, Value
from mesh.tables.checks import partition_of
from mesh.tables.plans import expansion
from mesh.tables.ranges import (
    TOKEN,
    KeyRange,
    cursor_after,
    scan_order,
    scan_ranges,
    walk_cursor_after,
    walk_order,
    walk_ranges,
)
from mesh.tables.sqlite_standing import change
from mesh.tables.sqlite_statements import Statement, Statements
from mesh.tables.tokens import split_tokens, token_of
from mesh.testing.tables_base import ENTRIES, SCHEMA, SESSIONS, row_of

HOME: dict[str, Value] = {"owner": "o"}
ROW = row_of(ENTRIES, owner="o", group=1, name="n", part=b"p")


@pytest.fixture
def connection() -> Generator[sqlite3.Connection]:
    connection = sqlite3.connect(":memory:", isolation_level=None)
    change(connection, SCHEMA, expansion)
    yield connection
    connection.close()


def plan(connection: sqlite3.Connection, statement: Statement) -> list[str]:
    """SQLite's own words on how it runs a statement."""
    text, values = statement
    return [detail for *_, detail in connection.execute(f"EXPLAIN QUERY PLAN {text}", values)]


@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("prefix", [None, {"group": 1}, {"group": 1, "name": "n"}])
@pytest.mark.parametrize("resumed", [False, True])
def test_a_scan_is_a_search_in_order(
    connection: sqlite3.Connection, reverse: bool, prefix: dict[str, Value] | None, resumed: bool
) -> None:
    order = scan_order(ENTRIES, HOME, prefix, reverse)
    cursor = cursor_after(ENTRIES, order, ROW) if resumed else None
    start: Value = [1, "m", b"o"][len(prefix or {})]
    token = (TOKEN, token_of(partition_of(ENTRIES, HOME)))
    ranges = scan_ranges(ENTRIES, HOME, order, prefix=prefix, start=start, stop=None, cursor=cursor)
    assert len(ranges) == (3 - len(prefix or {}) if resumed else 1)
    for part in ranges:
        keyed = KeyRange((token, *part.equal), part.bounds)
        (search,) = plan(connection, Statements(ENTRIES).select_range(keyed, order, 0, 10))
        assert search.startswith("SEARCH entries USING PRIMARY KEY (_token=? AND owner=? AND group")


def test_a_walk_is_a_search_in_order(connection: sqlite3.Connection) -> None:
    (share,) = split_tokens(1)
    order = walk_order(ENTRIES, share)
    for cursor in (None, walk_cursor_after(ENTRIES, order, ROW)):
        for part in walk_ranges(share, order, cursor):
            (search,) = plan(connection, Statements(ENTRIES).select_range(part, order, 0, 10))
            assert search.startswith("SEARCH entries USING PRIMARY KEY (_token")


def test_single_rows_are_found_by_their_whole_key(connection: sqlite3.Connection) -> None:
    statements = Statements(ENTRIES)
    key = ("o", 1, "n", b"p")
    for statement in (
        statements.select(key, 0),
        statements.exists(key, {"size": 1}, 0),
        statements.update(key, {"size": 1}, {"size": None}, 0),
        statements.delete(key, {}, 0),
    ):
        (search,) = plan(connection, statement)
        assert search.endswith("(_token=? AND owner=? AND group=? AND name=? AND part=?)")


def test_a_sweep_finds_what_expired_by_its_index(connection: sqlite3.Connection) -> None:
    details = plan(connection, Statements(SESSIONS).sweep(0, 500))
    assert any("sessions__expires (_expires<?)" in detail for detail in details)
    assert not any(detail.startswith("SCAN sessions") for detail in details)


def test_every_table_of_the_suite_has_statements_that_sqlite_accepts(connection: sqlite3.Connection) -> None:
    tables: tuple[Table, ...] = SCHEMA.tables
    for table in tables:
        home = tuple("x" if column.type.value == "text" else 1 for column in table.partition)
        for statement in Statements(table).delete_partition(home):
            assert plan(connection, statement)[0].startswith("SEARCH")
