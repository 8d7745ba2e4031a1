"""CQL keyspaces: versions that only grow, one process that makes them, and nobody else's."""

from __future__ import annotations

import asyncio
from uuid import uuid4

import pytest

from mesh.tables import (
    NewerFormat,
    Schema,
    SchemaMismatch,
    Table,
    Unavailable,
    UpdateStatic,
    desc,
    integer,
    open_tables,
    text,
)
from mesh.tables.cql_session import CqlSession
from mesh.tables.cql_url import parse_target
from mesh.testing.cassandra import CassandraServer

OLD = Table("notes", (text("home"), integer("at"), text("body")), ("home",), ("at",))
GROWN = Table(
    "notes",
    (
        text("home"),
        integer("at"),
        text("body"),
        text("mood", since=2),
        integer("order", since=2, static=True),
        text("title", since=2, static=True),
        integer("more", since=3, static=True),
    ),
    ("home",),
    ("at",),
)
ADDED = Table("added", (text("id"), text("late", since=3)), ("id",), since=2)
ONE = Schema("svc", 1, (OLD,))
THREE = Schema("svc", 3, (GROWN, ADDED))
ROW = {"home": "h", "at": 1, "body": "b"}


@pytest.fixture
def url(cassandra: CassandraServer) -> str:
    return f"cql://{cassandra.host}/k{uuid4().hex}"


async def define(url: str, *texts: str) -> None:
    """Run statements without the engine's own tables."""
    session = await CqlSession.connect(parse_target(url))
    for words in texts:
        await session.define(words)
    await session.close()


async def test_newer_columns_tables_and_statics_are_added_to_older_data(url: str) -> None:
    async with open_tables(url, ONE) as tables:
        await tables.put(OLD, ROW)
    for _ in range(2):
        async with open_tables(url, THREE) as tables:
            assert await tables.get(GROWN, {"home": "h", "at": 1}) == {**ROW, "mood": None}
            assert await tables.insert(ADDED, {"id": "x", "late": "l"})
            assert await tables.commit(GROWN, {"home": "h"}, UpdateStatic({"title": "t", "more": 1}))
            assert await tables.get_static(GROWN, {"home": "h"}) == {"order": None, "title": "t", "more": 1}
            await tables.delete(ADDED, {"id": "x"})
    with pytest.raises(NewerFormat, match="svc has version 3, and this programme knows 1"):
        async with open_tables(url, ONE):
            pass


async def test_of_processes_that_start_together_one_makes_the_tables(url: str) -> None:
    async def start(number: int) -> None:
        async with open_tables(url, THREE) as tables:
            assert await tables.insert(ADDED, {"id": str(number)})

    await asyncio.gather(*(start(number) for number in range(3)))


async def test_what_was_left_half_way_is_completed(url: str) -> None:
    keyspace = url.rpartition("/")[2]
    async with open_tables(url, ONE) as tables:
        await tables.put(OLD, ROW)
    await define(
        url,
        f'ALTER TABLE {keyspace}.notes ADD "mood" text',
        f'CREATE TABLE {keyspace}.added("id" text PRIMARY KEY, "late" text, "_live" bigint, "_void" tinyint)',
    )
    async with open_tables(url, THREE) as tables:
        assert await tables.insert(ADDED, {"id": "x", "late": "l"})
        assert await tables.update(GROWN, {"home": "h", "at": 1}, {"mood": "m"}, expect={"mood": None})


async def test_a_schema_that_did_not_only_grow_is_refused(url: str) -> None:
    async with open_tables(url, ONE):
        pass
    for other, why in (
        (Schema("else", 1, (OLD,)), "belongs to svc"),
        (Schema("svc", 1, (OLD, Table("two", (text("id"),), ("id",)))), "changed its tables: two"),
        (Schema("svc", 1, (Table("notes", OLD.columns, ("home",), (desc("at"),)),)), "table notes of svc"),
    ):
        with pytest.raises(SchemaMismatch, match=why):
            async with open_tables(url, other):
                pass


async def test_a_keyspace_or_layout_of_another_programme_is_refused(url: str) -> None:
    async with open_tables(url, ONE):
        pass
    keyspace = url.rpartition("/")[2]
    await define(url, f"INSERT INTO {keyspace}.schema__meta(part, name, value) VALUES('schema', 'layout', '3')")
    with pytest.raises(NewerFormat, match="layout 3"):
        async with open_tables(url, ONE):
            pass
    await define(url, f"DROP TABLE {keyspace}.schema__meta")
    with pytest.raises(SchemaMismatch, match="not made by vidmesh"):
        async with open_tables(url, ONE):
            pass


async def test_a_cluster_that_nobody_answers_for_is_unavailable() -> None:
    with pytest.raises(Unavailable, match="cannot be reached"):
        async with open_tables("cql://127.0.0.1:1/nowhere", ONE):
            pass
