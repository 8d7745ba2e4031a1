"""Conformance: single rows."""
# ruff: noqa: S101 (assertions are what a suite is made of)

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta, timezone

import pytest

from mesh.tables import MAX_KEY_BYTES, MAX_VALUE_BYTES, InvalidQuery, InvalidRow, Table, Tables, Value, text
from mesh.testing.tables_base import ENTRIES, MEMBERS, THINGS, EngineTests, Raw, row_of

VALUES: list[tuple[str, Value]] = [
    ("words", ""),
    ("words", "Größe 影片 🎬 e\u0301 \u202e"),
    ("words", "a\x00b"),
    ("words", "'; DROP TABLE things; --"),
    ("data", b""),
    ("data", bytes(range(256))),
    ("count", 0),
    ("count", 2**63 - 1),
    ("count", -(2**63)),
    ("ratio", 0.1),
    ("ratio", -1.7976931348623157e308),
    ("ratio", 5e-324),
    ("ratio", 3.0),
    ("flag", False),
    ("flag", True),
    ("time", datetime(2026, 2, 3, 4, 5, 6, 789012, UTC)),
    ("time", datetime(1969, 12, 31, 23, 59, 59, 999999, UTC)),
    ("time", datetime(1, 1, 1, tzinfo=UTC)),
    ("time", datetime(9999, 12, 31, 23, 59, 59, 999999, UTC)),
]

REFUSED: list[tuple[str, object]] = [
    ("words", b"bytes"),
    ("words", 1),
    ("words", "\ud800"),
    ("words", "x" * (MAX_VALUE_BYTES + 1)),
    ("words", "é" * (MAX_VALUE_BYTES // 2 + 1)),
    ("data", "text"),
    ("count", 2**63),
    ("count", -(2**63) - 1),
    ("count", True),
    ("count", 1.0),
    ("ratio", float("nan")),
    ("ratio", float("inf")),
    ("ratio", 10**400),
    ("ratio", "1"),
    ("flag", 1),
    ("time", datetime(2026, 1, 1)),  # noqa: DTZ001 (a datetime without a zone is what is refused)
    ("time", 0),
]


class RowTests(EngineTests):
    """get, get_many, put, insert, update, delete."""

    @pytest.mark.parametrize(("column", "value"), VALUES)
    async def test_a_value_reads_back_as_it_was_written(
        self, tables: Tables, name: str, column: str, value: Value
    ) -> None:
        await tables.put(THINGS, {"id": name, column: value})
        row = await tables.get(THINGS, {"id": name})
        assert row == row_of(THINGS, id=name, **{column: value})
        assert row is not None
        assert type(row[column]) is type(value)

    @pytest.mark.parametrize(("column", "value"), VALUES)
    async def test_every_value_can_be_expected(self, tables: Tables, name: str, column: str, value: Value) -> None:
        await tables.put(THINGS, {"id": name, column: value})
        assert await tables.update(THINGS, {"id": name}, {column: None}, expect={column: value})
        assert await tables.get(THINGS, {"id": name}) == row_of(THINGS, id=name)

    @pytest.mark.parametrize(("column", "value"), REFUSED)
    async def test_a_value_that_does_not_fit_is_refused_by_table_and_column(
        self, tables: Tables, name: str, column: str, value: Value
    ) -> None:
        with pytest.raises(InvalidRow, match=rf"things\.{column}"):
            await tables.put(THINGS, {"id": name, column: value})
        assert await tables.get(THINGS, {"id": name}) is None

    async def test_a_megabyte_reads_back(self, tables: Tables, name: str) -> None:
        data = bytes(range(256)) * 4096
        assert await tables.insert(THINGS, {"id": name, "data": data})
        assert await tables.get(THINGS, {"id": name}) == row_of(THINGS, id=name, data=data)

    async def test_a_time_of_another_zone_reads_back_in_utc(self, tables: Tables, name: str) -> None:
        time = datetime(2026, 7, 1, 12, tzinfo=timezone(timedelta(hours=5, minutes=30)))
        await tables.put(THINGS, {"id": name, "time": time})
        row = await tables.get(THINGS, {"id": name})
        assert row is not None
        assert row["time"] == time
        assert THINGS.columns[-1].of(row).tzinfo is UTC

    async def test_negative_zero_is_zero(self, tables: Tables, name: str) -> None:
        await tables.put(THINGS, {"id": name, "ratio": -0.0})
        row = await tables.get(THINGS, {"id": name})
        assert row is not None
        assert str(row["ratio"]) == "0.0"

    async def test_what_was_stored_otherwise_is_read(self, tables: Tables, raw: Raw, name: str) -> None:
        stored = row_of(THINGS, id=name, words="w", data=b"d", count=1, ratio=0.5, flag=True)
        await raw.write(THINGS, [stored])
        assert await tables.get(THINGS, {"id": name}) == stored

    async def test_what_is_put_is_stored(self, tables: Tables, raw: Raw, name: str) -> None:
        row = row_of(THINGS, id=name, words="w", data=b"d", count=1, ratio=0.5, flag=True)
        await tables.put(THINGS, row)
        assert await raw.read(THINGS, {"id": name}) == [row]

    async def test_a_missing_row_is_none(self, tables: Tables, name: str) -> None:
        assert await tables.get(THINGS, {"id": name}) is None

    async def test_many_rows_come_in_the_order_asked_for(self, tables: Tables, raw: Raw, name: str) -> None:
        rows = [row_of(THINGS, id=f"{name}-{n}", count=n) for n in range(5)]
        await raw.write(THINGS, rows)
        keys = [{"id": f"{name}-{n}"} for n in (3, 9, 0, 3)]
        assert await tables.get_many(THINGS, keys) == [rows[3], None, rows[0], rows[3]]
        assert await tables.get_many(THINGS, []) == []

    async def test_a_put_leaves_other_columns_and_none_clears(self, tables: Tables, name: str) -> None:
        await tables.put(THINGS, {"id": name, "words": "w", "count": 1})
        await tables.put(THINGS, {"id": name, "words": None, "flag": True})
        assert await tables.get(THINGS, {"id": name}) == row_of(THINGS, id=name, count=1, flag=True)

    async def test_a_put_that_need_not_be_durable_is_read_at_once(self, tables: Tables, name: str) -> None:
        await tables.put(THINGS, {"id": name, "count": 1}, durable=False)
        assert await tables.get(THINGS, {"id": name}) == row_of(THINGS, id=name, count=1)

    async def test_a_row_may_be_all_key(self, tables: Tables, name: str) -> None:
        key = {"club": name, "shard": 0, "member": "m"}
        await tables.put(MEMBERS, key)
        await tables.put(MEMBERS, key)
        assert not await tables.insert(MEMBERS, key)
        assert await tables.get(MEMBERS, key) == key

    async def test_insert_writes_only_the_first_time(self, tables: Tables, name: str) -> None:
        assert await tables.insert(THINGS, {"id": name, "count": 1})
        assert not await tables.insert(THINGS, {"id": name, "count": 2, "words": "w"})
        assert await tables.get(THINGS, {"id": name}) == row_of(THINGS, id=name, count=1)

    async def test_update_needs_a_row(self, tables: Tables, name: str) -> None:
        assert not await tables.update(THINGS, {"id": name}, {"count": 1}, expect={})
        assert not await tables.update(THINGS, {"id": name}, {"count": 1}, expect={"count": None})
        assert await tables.get(THINGS, {"id": name}) is None

    async def test_update_needs_every_expected_value(self, tables: Tables, name: str) -> None:
        key = {"id": name}
        await tables.put(THINGS, {**key, "count": 1, "words": "w"})
        assert not await tables.update(THINGS, key, {"count": 9}, expect={"count": 1, "words": "x"})
        assert not await tables.update(THINGS, key, {"count": 9}, expect={"count": None})
        assert not await tables.update(THINGS, key, {"count": 9}, expect={"flag": False})
        assert await tables.update(THINGS, key, {"count": 2}, expect={"count": 1, "words": "w", "flag": None})
        assert await tables.get(THINGS, key) == row_of(THINGS, id=name, count=2, words="w")

    async def test_a_blind_delete_always_succeeds(self, tables: Tables, raw: Raw, name: str) -> None:
        await tables.put(THINGS, {"id": name})
        assert await tables.delete(THINGS, {"id": name})
        assert await tables.delete(THINGS, {"id": name})
        assert await raw.read(THINGS, {"id": name}) == []

    async def test_a_conditional_delete_needs_the_row_and_its_values(self, tables: Tables, name: str) -> None:
        key = {"id": name}
        assert not await tables.delete(THINGS, key, expect={})
        await tables.put(THINGS, {**key, "count": 1})
        assert not await tables.delete(THINGS, key, expect={"count": 2})
        assert await tables.get(THINGS, key) is not None
        assert await tables.delete(THINGS, key, expect={"count": 1, "words": None})
        assert await tables.get(THINGS, key) is None

    async def test_a_partition_goes_with_all_it_holds(self, tables: Tables, raw: Raw, name: str) -> None:
        rows = [row_of(ENTRIES, owner=name, group=n, name="n", part=b"") for n in range(30)]
        beside = row_of(ENTRIES, owner=name + "x", group=0, name="n", part=b"")
        await raw.write(ENTRIES, [*rows, beside])
        await tables.delete_partition(ENTRIES, {"owner": name})
        assert await raw.read(ENTRIES, {"owner": name}) == []
        assert await raw.read(ENTRIES, {"owner": name + "x"}) == [beside]

    @pytest.mark.parametrize(
        "key",
        [
            {},
            {"id": None},
            {"id": ""},
            {"id": 1},
            {"id": "x" * (MAX_KEY_BYTES + 1)},
            {"id": "x", "words": "w"},
            {"no": "x"},
        ],
    )
    async def test_a_key_is_exactly_its_columns(self, tables: Tables, key: dict[str, Value]) -> None:
        with pytest.raises(InvalidRow, match="things"):
            await tables.get(THINGS, key)

    async def test_a_key_column_a_static_and_a_stranger_cannot_be_changed(self, tables: Tables, name: str) -> None:
        key = {"owner": name, "group": 1, "name": "n", "part": b""}
        await tables.put(ENTRIES, key)
        for changes in ({"group": 2}, {"total": 1}, {"stranger": 1}, {}):
            with pytest.raises(InvalidRow, match="entries"):
                await tables.update(ENTRIES, key, changes, expect={})
        with pytest.raises(InvalidRow, match="total"):
            await tables.put(ENTRIES, {**key, "total": 1})
        with pytest.raises(InvalidRow, match="stranger"):
            await tables.update(ENTRIES, key, {"size": 1}, expect={"stranger": 1})

    async def test_a_table_of_another_schema_is_refused(self, tables: Tables) -> None:
        foreign = Table("things", columns=(text("id"),), partition_key=("id",))
        with pytest.raises(InvalidQuery, match="things"):
            await tables.get(foreign, {"id": "x"})

    async def test_racing_increments_are_all_counted(self, tables: Tables, name: str) -> None:
        """Invariants: each caller succeeds exactly once; the sum is the number of callers."""
        key = {"id": name}
        await tables.put(THINGS, {**key, "count": 0})

        async def increment() -> None:
            while True:
                row = await tables.get(THINGS, key)
                assert row is not None
                count = row["count"]
                assert isinstance(count, int)
                if await tables.update(THINGS, key, {"count": count + 1}, expect={"count": count}):
                    return

        await asyncio.gather(*(increment() for _ in range(self.contenders)))
        assert await tables.get(THINGS, key) == row_of(THINGS, id=name, count=self.contenders)

    async def test_one_of_racing_inserts_wins(self, tables: Tables, name: str) -> None:
        """Invariant: exactly one insert is told that it wrote, and its value is the one that is there."""
        won = await asyncio.gather(*(tables.insert(THINGS, {"id": name, "count": n}) for n in range(self.contenders)))
        assert won.count(True) == 1
        assert await tables.get(THINGS, {"id": name}) == row_of(THINGS, id=name, count=won.index(True))

    async def test_callers_that_go_away_harm_nobody(self, tables: Tables, name: str) -> None:
        """Invariants: a write that returned is there; every row is whole; later writes go on."""
        writes = [
            asyncio.ensure_future(tables.put(THINGS, {"id": f"{name}-{n}", "count": n, "words": "w"}))
            for n in range(60)
        ]
        await asyncio.sleep(0)
        for write in writes[::2]:
            write.cancel()
        await asyncio.gather(*writes, return_exceptions=True)
        await tables.put(THINGS, {"id": name, "count": 1})
        rows = await tables.get_many(THINGS, [{"id": f"{name}-{n}"} for n in range(60)])
        whole = [row_of(THINGS, id=f"{name}-{n}", count=n, words="w") for n in range(60)]
        assert rows[1::2] == whole[1::2]
        assert all(row in (None, full) for row, full in zip(rows, whole, strict=True))
