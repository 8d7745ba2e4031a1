"""Conformance: pages of a partition, both ways, whole and in part, while others write."""
# ruff: noqa: S101 (assertions are what a suite is made of)

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from itertools import product

import pytest

from mesh.tables import MAX_LIMIT, InvalidCursor, InvalidQuery, InvalidRow, Row, Tables, Value, Where
from mesh.testing.tables_base import ENTRIES, MEMBERS, THINGS, EngineTests, Raw, pages, row_of, rows_in

NAMES = ["", "a", "a\x00", "aa", "b", "z", "é", "\uffff", "🎬"]
PARTS = [b"", b"\x00", b"\x7f", b"\xff", b"\xff\x00"]


def entries(owner: str) -> list[Row]:
    """Rows in the order in which ENTRIES keeps them: group, then name from the end, then part."""
    keys = product([-(2**63), -1, 0, 2**63 - 1], sorted(NAMES, key=str.encode, reverse=True), PARTS)
    return [
        row_of(ENTRIES, owner=owner, group=group, name=name, part=part, size=n, note="even" if n % 2 else None)
        for n, (group, name, part) in enumerate(keys)
    ]


def keys_of(rows: Iterable[Row]) -> list[Value]:
    """What tells the rows of `entries` apart."""
    return [row["size"] for row in rows]


class ScanTests(EngineTests):
    """scan and scan_filtered."""

    @pytest.mark.parametrize("limit", [1, 7, 179, 180, 181, MAX_LIMIT])
    @pytest.mark.parametrize("reverse", [False, True])
    async def test_pages_follow_the_clustering_order_both_ways(
        self, tables: Tables, raw: Raw, name: str, limit: int, reverse: bool
    ) -> None:
        rows = entries(name)
        await raw.write(ENTRIES, reversed(rows))
        found = await pages(tables, ENTRIES, {"owner": name}, limit=limit, reverse=reverse)
        assert rows_in(found) == (rows[::-1] if reverse else rows)
        assert [len(page.rows) for page in found[:-1]] == [limit] * (len(found) - 1)
        assert found[-1].rows

    async def test_an_empty_partition_is_one_empty_page(self, tables: Tables, name: str) -> None:
        page = await tables.scan(ENTRIES, {"owner": name}, limit=10)
        assert (page.rows, page.cursor) == ((), None)

    async def test_a_partition_without_clustering_is_one_row(self, tables: Tables, name: str) -> None:
        await tables.put(THINGS, {"id": name})
        page = await tables.scan(THINGS, {"id": name}, limit=1)
        assert (page.rows, page.cursor) == ((row_of(THINGS, id=name),), None)

    @pytest.mark.parametrize("reverse", [False, True])
    async def test_a_prefix_keeps_to_its_rows(self, tables: Tables, raw: Raw, name: str, reverse: bool) -> None:
        rows = entries(name)
        await raw.write(ENTRIES, rows)
        prefixes: list[dict[str, Value]] = [
            {"group": -1},
            {"group": 0, "name": "aa"},
            {"group": 0, "name": "", "part": b"\xff"},
            {"group": 5},
        ]
        for prefix in prefixes:
            wanted = [row for row in rows if all(row[column] == prefix[column] for column in prefix)]
            found = await pages(tables, ENTRIES, {"owner": name}, limit=3, prefix=prefix, reverse=reverse)
            assert rows_in(found) == (wanted[::-1] if reverse else wanted)

    @pytest.mark.parametrize("reverse", [False, True])
    async def test_bounds_are_of_values_and_half_open(self, tables: Tables, raw: Raw, name: str, reverse: bool) -> None:
        rows = entries(name)
        await raw.write(ENTRIES, rows)
        for prefix, column, start, stop in (
            (None, "group", -1, 2**63 - 1),
            (None, "group", None, 0),
            ({"group": 0}, "name", "a", "z"),
            ({"group": 0}, "name", "b", None),
            ({"group": 0, "name": "z"}, "part", b"\x00", b"\xff"),
            ({"group": 0}, "name", "z", "a"),
        ):
            wanted = [
                row
                for row in rows
                if all(row[name] == value for name, value in (prefix or {}).items())
                and (start is None or row[column] >= start)  # type: ignore[operator]
                and (stop is None or row[column] < stop)  # type: ignore[operator]
            ]
            cursor: bytes | None = None
            found: list[Row] = []
            while True:
                page = await tables.scan(
                    ENTRIES,
                    {"owner": name},
                    prefix=prefix,
                    start=start,
                    stop=stop,
                    reverse=reverse,
                    limit=4,
                    cursor=cursor,
                )
                found += page.rows
                if (cursor := page.cursor) is None:
                    break
            assert found == (wanted[::-1] if reverse else wanted)

    async def test_limit_and_bounds_may_change_between_pages(self, tables: Tables, raw: Raw, name: str) -> None:
        rows = entries(name)
        await raw.write(ENTRIES, rows)
        first = await tables.scan(ENTRIES, {"owner": name}, limit=10)
        rest = await tables.scan(ENTRIES, {"owner": name}, stop=0, limit=MAX_LIMIT, cursor=first.cursor)
        assert first.rows + rest.rows == tuple(rows[: len(rows) // 2])
        rest = await tables.scan(ENTRIES, {"owner": name}, start=0, limit=MAX_LIMIT, cursor=first.cursor)
        assert rest.rows == tuple(rows[len(rows) // 2 :])
        over = await tables.scan(ENTRIES, {"owner": name}, stop=-(2**63), limit=MAX_LIMIT, cursor=first.cursor)
        assert (over.rows, over.cursor) == ((), None)

    async def test_a_cursor_outlives_the_row_it_points_at(self, tables: Tables, raw: Raw, name: str) -> None:
        rows = entries(name)
        await raw.write(ENTRIES, rows)
        first = await tables.scan(ENTRIES, {"owner": name}, limit=10)
        for row in rows[5:15]:
            await tables.delete(ENTRIES, {column.name: row[column.name] for column in ENTRIES.key})
        rest = await tables.scan(ENTRIES, {"owner": name}, limit=MAX_LIMIT, cursor=first.cursor)
        assert rest.rows == tuple(rows[15:])

    @pytest.mark.parametrize("reverse", [False, True])
    async def test_rows_that_stay_are_seen_once_while_others_come_and_go(
        self, tables: Tables, raw: Raw, name: str, reverse: bool
    ) -> None:
        """Invariants: every row that existed throughout is seen exactly once; no row is seen twice."""
        staying = [row_of(ENTRIES, owner=name, group=n, name="m", part=b"") for n in range(0, 300, 3)]
        await raw.write(ENTRIES, staying)
        finished = asyncio.Event()

        async def disturb(phase: int) -> None:
            number = phase
            while not finished.is_set():
                key = {"owner": name, "group": (number * 7) % 300 // 3 * 3 + phase, "name": "m", "part": b""}
                await tables.put(ENTRIES, key, durable=False)
                await tables.delete(ENTRIES, {**key, "group": (number * 11) % 300 // 3 * 3 + phase})
                number += 2

        disturbers = [asyncio.ensure_future(disturb(phase)) for phase in (1, 2)]
        try:
            found = rows_in(await pages(tables, ENTRIES, {"owner": name}, limit=4, reverse=reverse))
        finally:
            finished.set()
            await asyncio.gather(*disturbers)
        groups = [row["group"] for row in found]
        assert len(groups) == len(set(groups))
        seen = [row for row in found if row in staying]
        assert seen == (staying[::-1] if reverse else staying)

    async def test_a_partition_of_thousands_pages_through(self, tables: Tables, raw: Raw, name: str) -> None:
        rows = [row_of(MEMBERS, club=name, shard=0, member=f"{n:05}") for n in range(3000)]
        await raw.write(MEMBERS, rows)
        found = await pages(tables, MEMBERS, {"club": name, "shard": 0}, limit=MAX_LIMIT)
        assert rows_in(found) == rows
        assert len(found) == 3

    async def test_a_cursor_of_another_query_is_refused(self, tables: Tables, raw: Raw, name: str) -> None:
        await raw.write(ENTRIES, entries(name))
        cursor = (await tables.scan(ENTRIES, {"owner": name}, limit=1)).cursor
        assert cursor is not None
        with pytest.raises(InvalidCursor):
            await tables.scan(ENTRIES, {"owner": name + "x"}, limit=1, cursor=cursor)
        with pytest.raises(InvalidCursor):
            await tables.scan(ENTRIES, {"owner": name}, limit=1, reverse=True, cursor=cursor)
        with pytest.raises(InvalidCursor):
            await tables.scan(ENTRIES, {"owner": name}, limit=1, prefix={"group": 0}, cursor=cursor)
        with pytest.raises(InvalidCursor):
            await tables.walk(ENTRIES, limit=1, cursor=cursor)
        for damaged in (b"", b"nonsense", cursor[:-1], cursor + b"1", cursor[:9], cursor[:9] + b"[1,2]"):
            with pytest.raises(InvalidCursor):
                await tables.scan(ENTRIES, {"owner": name}, limit=1, cursor=damaged)

    async def test_a_query_out_of_bounds_is_refused(self, tables: Tables, name: str) -> None:
        home = {"owner": name}
        for limit in (0, -1, MAX_LIMIT + 1):
            with pytest.raises(InvalidQuery):
                await tables.scan(ENTRIES, home, limit=limit)
        with pytest.raises(InvalidQuery, match="leading"):
            await tables.scan(ENTRIES, home, prefix={"name": "x"}, limit=1)
        with pytest.raises(InvalidQuery, match="start and stop"):
            await tables.scan(THINGS, {"id": name}, start="a", limit=1)
        with pytest.raises(InvalidRow, match="group"):
            await tables.scan(ENTRIES, home, start="a", limit=1)
        with pytest.raises(InvalidRow, match="owner"):
            await tables.scan(ENTRIES, {}, limit=1)

    @pytest.mark.parametrize("reverse", [False, True])
    async def test_filtered_pages_together_hold_every_fitting_row_once(
        self, tables: Tables, raw: Raw, name: str, reverse: bool
    ) -> None:
        rows = entries(name)
        await raw.write(ENTRIES, rows)
        wanted = [row for row in rows if row["note"] == "even"]

        def even(row: Row) -> bool:
            return row["note"] == "even"

        filters: list[Where] = [{"note": "even"}, even]
        for where in filters:
            cursor: bytes | None = None
            found: list[Row] = []
            while True:
                page = await tables.scan_filtered(
                    ENTRIES,
                    {"owner": name},
                    where=where,
                    examine_limit=8,
                    reverse=reverse,
                    limit=3,
                    cursor=cursor,
                )
                assert len(page.rows) <= 3
                found += page.rows
                if (cursor := page.cursor) is None:
                    break
            assert found == (wanted[::-1] if reverse else wanted)

    async def test_a_filtered_page_examines_no_more_than_it_may(self, tables: Tables, raw: Raw, name: str) -> None:
        await raw.write(ENTRIES, entries(name))
        examined: list[Row] = []

        def never(row: Row) -> bool:
            examined.append(row)
            return False

        page = await tables.scan_filtered(ENTRIES, {"owner": name}, where=never, examine_limit=50, limit=10)
        assert page.rows == ()
        assert page.cursor is not None
        assert len(examined) == 50

    async def test_a_filter_on_null_and_on_a_key_column_works(self, tables: Tables, raw: Raw, name: str) -> None:
        rows = entries(name)
        await raw.write(ENTRIES, rows)
        page = await tables.scan_filtered(
            ENTRIES, {"owner": name}, where={"note": None, "group": 0}, examine_limit=MAX_LIMIT, limit=MAX_LIMIT
        )
        assert page.rows == tuple(row for row in rows if row["note"] is None and row["group"] == 0)
        with pytest.raises(InvalidRow, match="total"):
            await tables.scan_filtered(ENTRIES, {"owner": name}, where={"total": 1}, examine_limit=1, limit=1)
