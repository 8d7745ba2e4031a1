"""Conformance: atomic commits on one partition, and static columns."""
# ruff: noqa: S101 (assertions are what a suite is made of)

from __future__ import annotations

import asyncio

import pytest

from mesh.tables import (
    MAX_OPERATIONS,
    Check,
    Delete,
    Insert,
    InvalidQuery,
    InvalidRow,
    Operation,
    Put,
    Row,
    Tables,
    Update,
    UpdateStatic,
    Value,
)
from mesh.testing.tables_base import ENTRIES, MEMBERS, THINGS, EngineTests, Raw, row_of


def key(number: int) -> dict[str, Value]:
    """A clustering key of ENTRIES."""
    return {"group": number, "name": "n", "part": b""}


def entry(owner: str, number: int, **values: Value) -> Row:
    """A whole row of ENTRIES with that key."""
    return row_of(ENTRIES, owner=owner, group=number, name="n", part=b"", **values)


class CommitTests(EngineTests):
    """commit, get_static."""

    async def test_all_kinds_of_operation_apply_together(self, tables: Tables, raw: Raw, name: str) -> None:
        await raw.write(ENTRIES, [entry(name, n, size=n, note="old") for n in range(1, 6)])
        assert await tables.commit(
            ENTRIES,
            {"owner": name},
            Insert({**key(0), "size": 0}),
            Update(key(1), {"size": 10, "note": None}, {"size": 1}),
            Put({**key(2), "note": "put"}),
            Delete(key(3)),
            Delete(key(4), {"note": "old"}),
            Check(key(5), {"size": 5}),
            UpdateStatic({"total": 3}, {"total": None, "title": None}),
        )
        page = await tables.scan(ENTRIES, {"owner": name}, limit=10)
        assert page.rows == (
            entry(name, 0, size=0),
            entry(name, 1, size=10),
            entry(name, 2, size=2, note="put"),
            entry(name, 5, size=5, note="old"),
        )
        assert await tables.get_static(ENTRIES, {"owner": name}) == {"total": 3, "title": None}

    @pytest.mark.parametrize(
        "failing",
        [
            Insert({**key(1), "size": 9}),
            Update(key(1), {"size": 9}, {"size": 2}),
            Update(key(1), {"size": 9}, {"note": None}),
            Update(key(9), {"size": 9}),
            Update(key(9), {"size": 9}, {"size": None}),
            Delete(key(1), {"size": 2}),
            Delete(key(9), {}),
            Check(key(1), {"size": 2}),
            Check(key(9)),
            UpdateStatic({"total": 9}, {"total": 2}),
            UpdateStatic({"total": 9}, {"total": None}),
            UpdateStatic({"total": 9}, {"total": 1, "title": "x"}),
        ],
        ids=repr,
    )
    @pytest.mark.parametrize("last", [False, True])
    async def test_one_condition_that_fails_stops_everything(
        self, tables: Tables, raw: Raw, name: str, failing: Operation, last: bool
    ) -> None:
        rows = [entry(name, n, size=n, note="old") for n in range(1, 4)]
        await raw.write(ENTRIES, rows)
        home = {"owner": name}
        assert await tables.commit(ENTRIES, home, UpdateStatic({"total": 1}, {"total": None}))
        others = [Put({**key(2), "size": 7}), Insert(key(8)), Delete(key(3))]
        assert not await tables.commit(ENTRIES, home, *([*others, failing] if last else [failing, *others]))
        assert (await tables.scan(ENTRIES, home, limit=10)).rows == tuple(rows)
        assert await tables.get_static(ENTRIES, home) == {"total": 1, "title": None}

    async def test_conditions_are_judged_on_what_was_there_before(self, tables: Tables, raw: Raw, name: str) -> None:
        await raw.write(ENTRIES, [entry(name, 1, size=1)])
        assert not await tables.commit(ENTRIES, {"owner": name}, Insert(key(2)), Check(key(3)))
        assert await tables.commit(ENTRIES, {"owner": name}, Delete(key(1)), Insert(key(2)))
        assert (await tables.scan(ENTRIES, {"owner": name}, limit=9)).rows == (entry(name, 2),)

    async def test_the_partition_may_be_repeated_in_rows_but_not_differ(self, tables: Tables, name: str) -> None:
        home = {"owner": name}
        assert await tables.commit(ENTRIES, home, Insert({**home, **key(1)}), Put({**home, **key(2)}))
        for operation in (Insert({"owner": "other", **key(3)}), Delete({"owner": "other", **key(1)})):
            with pytest.raises(InvalidRow, match="owner"):
                await tables.commit(ENTRIES, home, operation)

    async def test_a_commit_that_cannot_be_is_refused_whole(self, tables: Tables, name: str) -> None:
        home = {"owner": name}
        for operations in (
            [],
            [Put(key(1)), Delete(key(1))],
            [UpdateStatic({"total": 1}), UpdateStatic({"title": "t"})],
            [Put(key(n)) for n in range(MAX_OPERATIONS + 1)],
        ):
            with pytest.raises(InvalidQuery):
                await tables.commit(ENTRIES, home, *operations)
        for operation in (
            Put({**key(2), "size": "x"}),
            Put({**key(2), "total": 1}),
            Put({"group": 2}),
            Update(key(2), {}),
            Update(key(2), {"size": 1}, {"total": 1}),
            UpdateStatic({"size": 1}),
            UpdateStatic({}),
        ):
            with pytest.raises(InvalidRow, match="entries"):
                await tables.commit(ENTRIES, home, Put(key(1)), operation)
        with pytest.raises(InvalidRow, match="things"):
            await tables.commit(THINGS, {"id": name}, UpdateStatic({"count": 1}))
        assert (await tables.scan(ENTRIES, home, limit=9)).rows == ()

    async def test_the_largest_commit_applies(self, tables: Tables, name: str) -> None:
        puts = [Insert({**key(n), "size": n}) for n in range(MAX_OPERATIONS)]
        assert await tables.commit(ENTRIES, {"owner": name}, *puts)
        page = await tables.scan(ENTRIES, {"owner": name}, limit=MAX_OPERATIONS)
        assert page.rows == tuple(entry(name, n, size=n) for n in range(MAX_OPERATIONS))

    async def test_statics_are_null_until_written_and_go_with_their_partition(self, tables: Tables, name: str) -> None:
        home = {"owner": name}
        empty: Row = {"total": None, "title": None}
        assert await tables.get_static(ENTRIES, home) == empty
        assert await tables.commit(ENTRIES, home, UpdateStatic({"title": "t"}))
        assert await tables.commit(ENTRIES, home, UpdateStatic({"total": 1}, {"title": "t", "total": None}))
        assert await tables.get_static(ENTRIES, home) == {"total": 1, "title": "t"}
        assert await tables.commit(ENTRIES, home, UpdateStatic({"title": None}, {"total": 1}))
        assert await tables.commit(ENTRIES, home, UpdateStatic({"total": None}))
        assert await tables.commit(ENTRIES, home, UpdateStatic({"total": 5}, {"total": None, "title": None}))
        # A partition with static values alone has no rows.
        assert (await tables.scan(ENTRIES, home, limit=1)).rows == ()
        await tables.delete_partition(ENTRIES, home)
        assert await tables.get_static(ENTRIES, home) == empty

    async def test_a_table_without_statics_has_none_to_read(self, tables: Tables, name: str) -> None:
        with pytest.raises(InvalidQuery, match="things"):
            await tables.get_static(THINGS, {"id": name})

    async def test_racing_joins_keep_the_count_exact(self, tables: Tables, name: str) -> None:
        """Invariants: the static count is the number of rows; each member joined once, however often asked."""
        home: dict[str, Value] = {"club": name, "shard": 0}

        async def join(member: str) -> bool:
            while True:
                count = (await tables.get_static(MEMBERS, home))["count"]
                if await tables.get(MEMBERS, {**home, "member": member}) is not None:
                    return False
                following = 1 + (count if isinstance(count, int) else 0)
                if await tables.commit(
                    MEMBERS, home, Insert({"member": member}), UpdateStatic({"count": following}, {"count": count})
                ):
                    return True

        members = [f"m{n}" for n in range(self.contenders // 4)]
        joined = await asyncio.gather(*(join(member) for member in members * 2))
        assert joined.count(True) == len(members)
        assert (await tables.get_static(MEMBERS, home))["count"] == len(members)
        page = await tables.scan(MEMBERS, home, limit=self.contenders)
        assert [row["member"] for row in page.rows] == sorted(members)

    async def test_a_reader_never_sees_half_a_commit(self, tables: Tables, raw: Raw, name: str) -> None:
        """Invariant: transfers between two rows of a partition never change the sum that a page shows."""
        await raw.write(ENTRIES, [entry(name, n, size=50) for n in range(2)])
        home: dict[str, Value] = {"owner": name}

        async def transfer(source: int, number: int) -> None:
            for _ in range(number):
                sizes = [row["size"] for row in (await tables.scan(ENTRIES, home, limit=2)).rows]
                have, other = sizes[source], sizes[1 - source]
                assert isinstance(have, int)
                assert isinstance(other, int)
                await tables.commit(
                    ENTRIES,
                    home,
                    Update(key(source), {"size": have - 1}, {"size": have}),
                    Update(key(1 - source), {"size": other + 1}, {"size": other}),
                )

        async def audit() -> None:
            for _ in range(50):
                page = await tables.scan(ENTRIES, home, limit=2)
                assert sum(row["size"] for row in page.rows if isinstance(row["size"], int)) == 100

        await asyncio.gather(*(transfer(n % 2, 10) for n in range(6)), audit())
        await audit()
