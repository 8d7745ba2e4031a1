"""No query of the CQL engine reads more than it gives, and rows live exactly as long as they should."""

from __future__ import annotations

from datetime import timedelta

import pytest

from mesh.tables import Value
from mesh.tables.checks import key_of, partition_of
from mesh.tables.cql_statements import FOR_EVER, LIVE, Statements
from mesh.tables.ranges import cursor_after, scan_order, scan_ranges
from mesh.testing.tables_base import ENTRIES, SESSIONS, THINGS, row_of

HOME: dict[str, Value] = {"owner": "o"}
ROW = row_of(ENTRIES, owner="o", group=1, name="n", part=b"p")
NOW = 1_700_000_000_000_000
SECOND = 1_000_000
KEY = key_of(SESSIONS, {"user": "u", "id": "i"})


@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("prefix", [None, {"group": 1}, {"group": 1, "name": "n"}])
@pytest.mark.parametrize("resumed", [False, True])
def test_a_scan_is_slices_of_one_partition(reverse: bool, prefix: dict[str, Value] | None, resumed: bool) -> None:
    order = scan_order(ENTRIES, HOME, prefix, reverse)
    cursor = cursor_after(ENTRIES, order, ROW) if resumed else None
    ranges = scan_ranges(ENTRIES, HOME, order, prefix=prefix, start=None, stop=None, cursor=cursor)
    for part in ranges:
        text, values = Statements("k", ENTRIES).select_range(part, order, 10)
        where, _, limit = text.partition(" WHERE ")[2].partition(" LIMIT ")
        tests, _, by = where.partition(" ORDER BY ")
        columns = [test.split()[0].strip('"') for test in tests.split(" AND ")]
        # Equal leading columns, then at most one that is bounded: one contiguous piece of what is stored.
        assert columns == ["owner", "group", "name", "part"][: len(columns)]
        assert all(test.split()[1] == "=" for test in tests.split(" AND ")[:-1])
        assert by == ('"group" DESC, "name" ASC, "part" DESC' if reverse else "")
        assert limit == "?"
        assert values[0] == "o"
        assert values[-1] == 10


def test_nothing_filters_and_every_name_is_qualified() -> None:
    statements = Statements("k", ENTRIES)
    home = partition_of(ENTRIES, HOME)
    key = key_of(ENTRIES, {**HOME, "group": 1, "name": "n", "part": b""})
    for text, values in (
        statements.select(key),
        statements.select_live(key),
        statements.select_static(home),
        statements.select_walk(None, None, 10),
        statements.select_walk(-5, 5, 10),
        statements.select_walk(home, 5, 10),
        statements.update(key, {"size": 1}, FOR_EVER, NOW, {LIVE: FOR_EVER, "note": None}),
        statements.update_static(home, {"total": 1}, {"total": None}),
        statements.delete(key, {}),
        statements.delete_partition(home),
    ):
        assert "FILTERING" not in text
        assert '"k"."entries"' in text
        assert text.count("?") == len(values)


@pytest.mark.parametrize(
    ("live", "lives"), [(None, False), (FOR_EVER, True), (NOW - 1, False), (NOW, False), (NOW + 1, True)]
)
def test_a_row_lives_until_its_time_to_the_microsecond(live: int | None, lives: bool) -> None:
    assert Statements("k", SESSIONS).lives(live, NOW) is lives


@pytest.mark.parametrize(
    ("left", "seconds"),
    [
        (timedelta(microseconds=1), 61),
        (timedelta(seconds=1), 61),
        (timedelta(seconds=1, microseconds=1), 62),
        (timedelta(seconds=-5), 60),
        # Cassandra 5 refuses to expire anything after 2038: such rows are hidden, and stay stored.
        (timedelta(days=19 * 365), 0),
    ],
)
def test_the_server_removes_a_row_a_minute_after_its_life(left: timedelta, seconds: int) -> None:
    live = NOW + left // timedelta(microseconds=1)
    text, values = Statements("k", SESSIONS).write(KEY, {"seen": 1}, live, NOW, {})
    assert "USING TTL ?" in text
    assert values[0] == seconds


def test_a_row_without_an_end_has_no_ttl() -> None:
    assert Statements("k", SESSIONS).write(KEY, {"seen": 1}, FOR_EVER, NOW, {})[1][0] == 0
    assert "TTL" not in Statements("k", THINGS).write(("i",), {"count": 1}, FOR_EVER, NOW, {})[0]


def test_a_write_to_an_expiring_table_covers_every_column() -> None:
    text, values = Statements("k", SESSIONS).write(KEY, {"device": "d"}, NOW + SECOND, NOW, {})
    assert 'SET "_live" = ?, "seen" = ?, "device" = ? WHERE' in text
    assert values == (61, NOW + SECOND, None, "d", "u", "i")
