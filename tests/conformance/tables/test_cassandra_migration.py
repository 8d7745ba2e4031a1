"""Schema changes on a real Cassandra: two versions at once, many that start together, and cut-off ones."""

from __future__ import annotations

import asyncio
import json
from typing import ClassVar
from uuid import uuid4

import pytest

from mesh.tables import StillInUse, open_tables
from mesh.tables.cql_session import CqlSession
from mesh.tables.cql_url import parse_target
from mesh.tables.opening import migrate_tables
from mesh.tables.plans import contraction, expansion
from mesh.testing.cassandra import CassandraServer
from tests.conformance.tables.migrating import (
    DRAFTS,
    NEW,
    ONE,
    TAGS,
    TWO,
    MigrationConformance,
    new_work,
    new_work_is_kept,
    old_work,
    old_work_goes_on,
)


@pytest.fixture
def url(cassandra: CassandraServer) -> str:
    return f"cql://{cassandra.host}/m{uuid4().hex}"


async def define(url: str, *texts: str) -> None:
    """Run statements without the engine's own tables; {k} stands for the keyspace."""
    session = await CqlSession.connect(parse_target(url))
    for words in texts:
        await session.define(words.replace("{k}", parse_target(url).keyspace))
    await session.close()


class TestCassandraMigration(MigrationConformance):
    """A keyspace a test."""

    at_once: ClassVar[bool] = True


async def test_two_versions_work_on_the_same_rows_at_once(url: str) -> None:
    async with open_tables(url, ONE) as old:
        await old_work(old)
        await migrate_tables(url, TWO, expansion)
        async with open_tables(url, TWO) as new:
            await new_work(new)
            await old_work_goes_on(old)
            await new_work_is_kept(new)
            with pytest.raises(StillInUse, match=r"older than version 2.*: \S+:\d+\. Stop them"):
                await migrate_tables(url, TWO, contraction, dry_run=True)
            with pytest.raises(StillInUse):
                await migrate_tables(url, TWO, contraction)
            # A refusal leaves the data open to who had it open.
            async with open_tables(url, ONE) as another:
                assert await another.get(DRAFTS, {"id": "d"})
            await old.close()
            await migrate_tables(url, TWO, contraction)
            # Its statements were prepared while the columns still stood.
            await new_work_is_kept(new)


async def test_a_process_that_died_holds_what_it_needs_until_it_is_forgotten(url: str) -> None:
    await migrate_tables(url, ONE, expansion)
    await migrate_tables(url, TWO, expansion)
    note = json.dumps({"version": 1, "process": "gone:7"})
    await define(url, f"INSERT INTO {{k}}.schema__meta(part, name, value) VALUES('open', 'x', '{note}') USING TTL 3")
    with pytest.raises(StillInUse, match="gone:7"):
        await migrate_tables(url, TWO, contraction)
    await asyncio.sleep(4)
    await migrate_tables(url, TWO, contraction)


async def test_a_contraction_that_was_cut_off_is_completed(url: str) -> None:
    await migrate_tables(url, ONE, expansion)
    await migrate_tables(url, TWO, expansion)
    await define(url, 'ALTER TABLE {k}.notes DROP "mood"', "DROP TABLE {k}.drafts")
    assert not (await migrate_tables(url, TWO, contraction)).is_done
    async with open_tables(url, TWO) as tables:
        assert await tables.insert(NEW, {"home": "h", "at": 1, "title": "t"})


async def test_six_processes_that_start_together_on_nothing_all_open(url: str) -> None:
    """Invariants: all open, each finds every table, one row for how the data stands, no lock left.

    The second time the name is known: the keyspace was dropped meanwhile, as who starts anew does.
    """
    for _ in range(2):
        ready = asyncio.Barrier(6)

        async def start(number: int, ready: asyncio.Barrier = ready) -> None:
            await ready.wait()
            async with open_tables(url, TWO) as tables:
                assert await tables.insert(TAGS, {"id": str(number)})
                await ready.wait()
                found = await tables.get_many(TAGS, [{"id": str(other)} for other in range(6)])
                assert all(found)

        await asyncio.gather(*(start(number) for number in range(6)))
        session = await CqlSession.connect(parse_target(url))
        meta = f"{parse_target(url).keyspace}.schema__meta"
        rows = await session.read((f"SELECT part, name FROM {meta}", ()))
        await session.close()
        assert sorted(rows) == [("schema", "layout"), ("schema", "standing")]
        await define(url, "DROP KEYSPACE {k}")


async def test_processes_that_bring_data_up_together_do_it_once(url: str) -> None:
    async with open_tables(url, ONE) as old:
        await old_work(old)
        plans = await asyncio.gather(*(migrate_tables(url, TWO, expansion) for _ in range(4)))
        assert {plan.after.version for plan in plans} == {2}
        assert await old.get(DRAFTS, {"id": "d"})
