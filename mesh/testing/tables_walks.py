"""Conformance: walks over a whole table, and pages across time buckets."""
# ruff: noqa: S101 (assertions are what a suite is made of)

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from mesh.tables import (
    Buckets,
    InvalidCursor,
    InvalidQuery,
    Page,
    Row,
    Tables,
    TokenRange,
    Transferable,
    UpdateStatic,
    scan_buckets,
)
from mesh.testing.tables_base import ENTRIES, EVENTS, MEMBERS, SESSIONS, EngineTests, Raw, row_of, rows_in

DAYS = Buckets(timedelta(days=1))
START = datetime(2026, 3, 1, tzinfo=UTC)


async def walked(tables: Tables, name: str, limit: int, within: TokenRange | None = None) -> list[Row]:
    """The rows of one test that a whole walk over MEMBERS or a share of it gives."""
    found: list[Page] = [await tables.walk(MEMBERS, limit=limit, within=within)]
    while (cursor := found[-1].cursor) is not None:
        found.append(await tables.walk(MEMBERS, limit=limit, cursor=cursor, within=within))
    return [row for row in rows_in(found) if str(row["club"]).startswith(name)]


def ordered(rows: list[Row]) -> list[Row]:
    """Rows of MEMBERS in an order that does not depend on the engine's tokens."""
    return sorted(rows, key=lambda row: (str(row["club"]), int(str(row["shard"])), str(row["member"])))


class WalkTests(EngineTests):
    """walk, token_ranges."""

    @staticmethod
    def clubs(name: str) -> list[Row]:
        """Rows of 60 partitions of 1 to 7 rows."""
        return [
            row_of(MEMBERS, club=f"{name}-{n}", shard=n % 3, member=f"m{m}")
            for n in range(60)
            for m in range(1 + n % 7)
        ]

    @pytest.mark.parametrize("limit", [1, 5, 1000])
    async def test_every_row_comes_once_and_partitions_stay_together(
        self, tables: Tables, raw: Raw, name: str, limit: int
    ) -> None:
        rows = self.clubs(name)
        await raw.write(MEMBERS, rows)
        found = await walked(tables, name, limit)
        assert ordered(found) == ordered(rows)
        homes = [row["club"] for row in found]
        changes = sum(one != other for one, other in pairwise(homes))
        assert changes == len(set(homes)) - 1

    @pytest.mark.parametrize("shares", [1, 2, 16])
    async def test_shares_together_hold_every_row_once(self, tables: Tables, raw: Raw, name: str, shares: int) -> None:
        rows = self.clubs(name)
        await raw.write(MEMBERS, rows)
        ranges = tables.token_ranges(shares)
        assert len(ranges) == shares
        found = [await walked(tables, name, 50, within) for within in ranges]
        assert ordered([row for share in found for row in share]) == ordered(rows)

    async def test_a_walk_sees_rows_that_stay_once_while_others_come_and_go(
        self, tables: Tables, raw: Raw, name: str
    ) -> None:
        """Invariant: every row that existed throughout the walk is seen exactly once."""
        rows = self.clubs(name)
        await raw.write(MEMBERS, rows)
        finished = asyncio.Event()

        async def disturb() -> None:
            number = 0
            while not finished.is_set():
                key = {"club": f"{name}-{number % 60}", "shard": number % 3, "member": f"x{number % 5}"}
                await tables.put(MEMBERS, key, durable=False)
                await tables.delete(MEMBERS, {**key, "member": f"x{(number + 3) % 5}"})
                number += 1

        disturber = asyncio.ensure_future(disturb())
        try:
            found = await walked(tables, name, 7)
        finally:
            finished.set()
            await disturber
        assert ordered([row for row in found if str(row["member"]).startswith("m")]) == ordered(rows)

    async def test_a_cursor_of_another_share_is_refused(self, tables: Tables, raw: Raw, name: str) -> None:
        await raw.write(MEMBERS, self.clubs(name))
        cursor = (await tables.walk(MEMBERS, limit=1)).cursor
        with pytest.raises(InvalidCursor):
            await tables.walk(MEMBERS, limit=1, cursor=cursor, within=tables.token_ranges(2)[0])
        with pytest.raises(InvalidCursor):
            await tables.walk(ENTRIES, limit=1, cursor=cursor)

    async def test_a_number_of_shares_out_of_bounds_is_refused(self, tables: Tables) -> None:
        for shares in (0, 4097):
            with pytest.raises(InvalidQuery):
                tables.token_ranges(shares)


class TransferTests(EngineTests):
    """expiries, walk_statics."""

    async def test_static_values_are_found_also_where_no_row_is(self, tables: Transferable, name: str) -> None:
        for shard in range(5):
            home = {"club": name, "shard": shard}
            await tables.commit(MEMBERS, home, UpdateStatic({"count": shard}))
            if shard % 2:
                await tables.put(MEMBERS, {**home, "member": "m"})
        await tables.put(MEMBERS, {"club": name, "shard": 9, "member": "without"})
        for limit in (1, 2, 1000):
            found = [await tables.walk_statics(MEMBERS, limit=limit)]
            while (cursor := found[-1].cursor) is not None:
                found.append(await tables.walk_statics(MEMBERS, limit=limit, cursor=cursor))
            own = [row for row in rows_in(found) if row["club"] == name]
            expected = [{"club": name, "shard": shard, "count": shard} for shard in range(5)]
            assert sorted(own, key=lambda row: int(str(row["shard"]))) == expected

    async def test_a_table_without_static_columns_has_none_to_walk(self, tables: Transferable) -> None:
        with pytest.raises(InvalidQuery):
            await tables.walk_statics(SESSIONS, limit=1)

    async def test_it_is_known_when_rows_end(self, tables: Transferable, name: str) -> None:
        home = {"user": name}
        before = datetime.now(UTC)
        await tables.put(SESSIONS, {**home, "id": "ends", "seen": 1}, ttl=timedelta(hours=1))
        await tables.put(SESSIONS, {**home, "id": "stays", "seen": 1})
        keys = [{**home, "id": row} for row in ("ends", "stays", "missing")]
        ends, stays, missing = await tables.expiries(SESSIONS, keys)
        assert ends is not None
        assert before + timedelta(hours=1) <= ends <= datetime.now(UTC) + timedelta(hours=1)
        assert (stays, missing) == (None, None)
        assert await tables.expiries(MEMBERS, [{"club": name, "shard": 0, "member": "m"}]) == [None]


class BucketTests(EngineTests):
    """scan_buckets."""

    @staticmethod
    def events(name: str) -> list[Row]:
        """Newest first: three an hour on days 0, 1, 5 and 40."""
        times = [
            START + timedelta(days=day, hours=hour, minutes=minute)
            for day in (0, 1, 5, 40)
            for hour in (0, 8, 23)
            for minute in (0, 0, 59)
        ]
        rows = [
            row_of(EVENTS, channel=name, day=DAYS.of(time), time=time, id=f"{n:02}") for n, time in enumerate(times)
        ]
        return sorted(rows, key=lambda row: (-(row["time"] - START), row["id"]))  # type: ignore[operator]

    @pytest.mark.parametrize("limit", [1, 4, 9, 100])
    @pytest.mark.parametrize("most_buckets", [1, 3, 50])
    async def test_one_cursor_pages_across_buckets_newest_first(
        self, tables: Tables, raw: Raw, name: str, limit: int, most_buckets: int
    ) -> None:
        rows = self.events(name)
        await raw.write(EVENTS, rows)
        oldest, newest = START + timedelta(hours=8), START + timedelta(days=40, hours=23, minutes=59)
        found: list[Row] = []
        cursor: bytes | None = None
        while True:
            page = await scan_buckets(
                tables,
                EVENTS,
                {"channel": name},
                bucket="day",
                buckets=DAYS,
                oldest=oldest,
                # The present moves on while a reader pages.
                newest=newest if cursor is None else newest + timedelta(days=3),
                limit=limit,
                cursor=cursor,
                most_buckets=most_buckets,
            )
            assert len(page.rows) <= limit
            found += page.rows
            if (cursor := page.cursor) is None:
                break
        assert found == [row for row in rows if oldest <= row["time"] < newest]  # type: ignore[operator]

    async def test_no_time_is_one_empty_page(self, tables: Tables, name: str) -> None:
        page = await scan_buckets(
            tables, EVENTS, {"channel": name}, bucket="day", buckets=DAYS, oldest=START, newest=START, limit=1
        )
        assert (page.rows, page.cursor) == ((), None)

    async def test_a_table_without_such_a_bucket_is_refused(self, tables: Tables, name: str) -> None:
        for table, home, bucket in ((EVENTS, {"day": 1}, "channel"), (MEMBERS, {"club": name}, "shard")):
            with pytest.raises(InvalidQuery):
                await scan_buckets(
                    tables, table, home, bucket=bucket, buckets=DAYS, oldest=START, newest=START, limit=1
                )

    async def test_a_cursor_of_another_channel_is_refused(self, tables: Tables, raw: Raw, name: str) -> None:
        await raw.write(EVENTS, self.events(name))
        newest = START + timedelta(days=60)

        async def page(channel: str, cursor: bytes | None) -> Page:
            return await scan_buckets(
                tables,
                EVENTS,
                {"channel": channel},
                bucket="day",
                buckets=DAYS,
                oldest=START,
                newest=newest,
                limit=1,
                cursor=cursor,
            )

        cursor = (await page(name, None)).cursor
        assert cursor is not None
        with pytest.raises(InvalidCursor):
            await page(name + "x", cursor)
