"""What changing the schema of stored data means on every engine: a version, the one after it, and their data.

Version 2 of `svc` does without the text `mood`, the static `sum` and the table `drafts`, and adds `title`, `count` and
`tags`. A subclass supplies `url`, where nothing is yet, and says how two programmes work on the same data.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import ClassVar

import pytest

from mesh.tables import (
    InvalidQuery,
    InvalidRow,
    NewerFormat,
    NotMigrated,
    Schema,
    Table,
    Tables,
    UpdateStatic,
    integer,
    open_tables,
    text,
)
from mesh.tables.opening import migrate_tables, statements_of
from mesh.tables.plans import contraction, expansion

KEY = (text("home"), integer("at"))
OLD = Table("notes", (*KEY, text("body"), text("mood"), integer("sum", static=True)), ("home",), ("at",))
DRAFTS = Table("drafts", (text("id"),), ("id",))
ONE = Schema("svc", 1, (OLD, DRAFTS))
NEW = Table(
    "notes",
    (
        *KEY,
        text("body"),
        text("mood", retired=2),
        integer("sum", static=True, retired=2),
        text("title", since=2),
        integer("count", static=True, since=2),
    ),
    ("home",),
    ("at",),
)
GONE = Table("drafts", (text("id"),), ("id",), retired=2)
TAGS = Table("tags", (text("id"),), ("id",), since=2)
TWO = Schema("svc", 2, (NEW, GONE, TAGS))

HOME = {"home": "h"}
FIRST, SECOND = {"home": "h", "at": 1}, {"home": "h", "at": 2}


async def old_work(tables: Tables) -> None:
    """What version 1 does, whatever the data's version."""
    assert await tables.insert(OLD, {**FIRST, "body": "by old", "mood": "good"})
    assert await tables.commit(OLD, HOME, UpdateStatic({"sum": 1}))
    assert await tables.insert(DRAFTS, {"id": "d"})


async def new_work(tables: Tables) -> None:
    """What version 2 does beside version 1."""
    assert await tables.get(NEW, FIRST) == {**FIRST, "body": "by old", "title": None}
    assert await tables.update(NEW, FIRST, {"title": "by new"}, expect={"title": None})
    assert await tables.insert(NEW, {**SECOND, "body": "b", "title": "t"})
    assert await tables.commit(NEW, HOME, UpdateStatic({"count": 2}))
    assert await tables.get_static(NEW, HOME) == {"count": 2}
    assert await tables.insert(TAGS, {"id": "t"})


async def old_work_goes_on(tables: Tables) -> None:
    """What version 1 finds of its own, and does to what version 2 wrote."""
    assert await tables.get(OLD, FIRST) == {**FIRST, "body": "by old", "mood": "good"}
    assert await tables.get(OLD, SECOND) == {**SECOND, "body": "b", "mood": None}
    assert await tables.update(OLD, SECOND, {"mood": "bad"}, expect={"body": "b", "mood": None})
    assert await tables.get_static(OLD, HOME) == {"sum": 1}
    assert await tables.get(DRAFTS, {"id": "d"})


async def new_work_is_kept(tables: Tables) -> None:
    """What version 2 finds, before and after anything is dropped."""
    page = await tables.scan(NEW, HOME, limit=10)
    assert page.rows == ({**FIRST, "body": "by old", "title": "by new"}, {**SECOND, "body": "b", "title": "t"})
    assert await tables.get_static(NEW, HOME) == {"count": 2}
    assert await tables.get(TAGS, {"id": "t"})


class MigrationConformance:
    """Schema changes that every engine makes alike."""

    at_once: ClassVar[bool]
    """Whether several programmes may have the data open together."""

    @asynccontextmanager
    async def _beside(self, url: str, schema: Schema) -> AsyncGenerator[None]:
        """A programme that has the data open meanwhile, where the engine lets two."""
        if not self.at_once:
            yield
            return
        async with open_tables(url, schema):
            yield

    async def test_the_version_before_works_beside_the_new_one_until_what_it_uses_is_dropped(self, url: str) -> None:
        await migrate_tables(url, ONE, expansion)
        async with open_tables(url, ONE) as tables:
            await old_work(tables)
        async with self._beside(url, ONE):
            plan = await migrate_tables(url, TWO, expansion)
        assert (plan.before.version, plan.after.version) == (1, 2)

        async with self._beside(url, ONE), open_tables(url, TWO) as tables:
            await new_work(tables)
        async with self._beside(url, TWO), open_tables(url, ONE) as tables:
            await old_work_goes_on(tables)
        async with open_tables(url, TWO) as tables:
            await new_work_is_kept(tables)

        async with self._beside(url, TWO):
            plan = await migrate_tables(url, TWO, contraction)
        assert {table for table, _ in statements_of(url, plan).items()} == {"notes", "drafts"}
        with pytest.raises(NewerFormat, match="version 2, and this programme knows 1"):
            async with open_tables(url, ONE):
                pass
        async with open_tables(url, TWO) as tables:
            await new_work_is_kept(tables)
            await tables.delete_partition(NEW, HOME)
            assert not (await tables.scan(NEW, HOME, limit=10)).rows
        assert (await migrate_tables(url, TWO, contraction)).is_done

    async def test_what_is_retired_stands_and_cannot_be_used(self, url: str) -> None:
        await migrate_tables(url, ONE, expansion)
        async with open_tables(url, TWO) as tables:
            with pytest.raises(InvalidQuery, match="drafts is not one of schema svc"):
                await tables.get(GONE, {"id": "d"})
            with pytest.raises(InvalidRow, match="does not have mood"):
                await tables.put(NEW, {**FIRST, "mood": "m"})
            with pytest.raises(InvalidRow, match="does not have sum"):
                await tables.commit(NEW, HOME, UpdateStatic({"sum": 1}))
            with pytest.raises(InvalidRow, match="does not have mood"):
                await tables.update(NEW, FIRST, {"body": "b"}, expect={"mood": None})

    async def test_a_dry_run_changes_nothing(self, url: str) -> None:
        first = await migrate_tables(url, ONE, expansion, dry_run=True)
        assert [table for table in statements_of(url, first) if not table.startswith(("_", "schema_"))] == [
            "notes",
            "drafts",
        ]
        assert await migrate_tables(url, ONE, expansion) == first
        for planner in (expansion, contraction):
            told = await migrate_tables(url, TWO, planner, dry_run=True)
            assert await migrate_tables(url, TWO, planner, dry_run=True) == told
            assert await migrate_tables(url, TWO, planner) == told
            assert (await migrate_tables(url, TWO, planner, dry_run=True)).is_done

    async def test_who_may_make_nothing_finds_everything_or_does_not_open(self, url: str) -> None:
        for schema, why in (
            (ONE, "there is no data of svc, and this programme needs version 1: run `vidmesh migrate svc`"),
            (TWO, "there is data of version 1 of svc, and this programme needs version 2"),
        ):
            for _ in range(2):
                with pytest.raises(NotMigrated, match=why):
                    async with open_tables(url, schema, make=False):
                        pass
            await migrate_tables(url, schema, expansion)
            async with open_tables(url, schema, make=False) as tables:
                assert tables.schema is schema
        async with open_tables(url, ONE, make=False):
            pass

    async def test_nothing_is_dropped_from_data_that_the_new_version_has_not_opened(self, url: str) -> None:
        assert (await migrate_tables(url, TWO, contraction)).is_done
        async with open_tables(url, ONE) as tables:
            await old_work(tables)
        with pytest.raises(NotMigrated, match="every programme too, before anything is dropped"):
            await migrate_tables(url, TWO, contraction)
        async with open_tables(url, ONE) as tables:
            assert await tables.get(DRAFTS, {"id": "d"})

    async def test_new_data_is_made_without_what_is_retired(self, url: str) -> None:
        async with open_tables(url, TWO) as tables:
            assert await tables.insert(NEW, {**FIRST, "body": "b", "title": "t"})
        assert (await migrate_tables(url, TWO, contraction)).is_done
        with pytest.raises(NewerFormat):
            async with open_tables(url, ONE):
                pass
