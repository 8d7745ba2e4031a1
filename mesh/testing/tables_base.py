"""What a tables engine supplies to be tested, and the tables that the conformance suite uses.

An engine gives two fixtures, `tables` (opened with SCHEMA) and `raw`. The database may be shared by the
whole run: every test keeps to partitions named by its own `name`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, Protocol
from uuid import uuid4

import pytest

from mesh.tables import (
    Page,
    Row,
    Schema,
    Table,
    Tables,
    Value,
    Values,
    blob,
    boolean,
    desc,
    integer,
    real,
    text,
    timestamp,
)

THINGS: Final = Table(
    "things",
    columns=(
        text("id"),
        text("words"),
        blob("data"),
        integer("count"),
        real("ratio"),
        boolean("flag"),
        timestamp("time"),
    ),
    partition_key=("id",),
)
"""One row a partition, a column of every type."""

ENTRIES: Final = Table(
    "entries",
    columns=(
        text("owner"),
        integer("group"),
        text("name"),
        blob("part"),
        integer("size"),
        text("note"),
        integer("total", static=True),
        text("title", static=True),
    ),
    partition_key=("owner",),
    clustering_key=("group", desc("name"), "part"),
)
"""Three clustering columns of mixed order, and static columns. Some names are SQL's own words, on purpose."""

MEMBERS: Final = Table(
    "members",
    columns=(text("club"), integer("shard"), text("member"), integer("count", static=True)),
    partition_key=("club", "shard"),
    clustering_key=("member",),
)
"""Rows that are nothing but a key, beside an exact count of them."""

SESSIONS: Final = Table(
    "sessions",
    columns=(text("user"), text("id"), integer("seen"), text("device")),
    partition_key=("user",),
    clustering_key=("id",),
    expiring=True,
)
"""Rows with a lifetime of their own choice."""

EVENTS: Final = Table(
    "events",
    columns=(text("channel"), integer("day"), timestamp("time"), text("id"), text("what")),
    partition_key=("channel", "day"),
    clustering_key=(desc("time"), "id"),
)
"""Partitions by time."""

SCHEMA: Final = Schema("conformance", version=1, tables=(THINGS, ENTRIES, MEMBERS, SESSIONS, EVENTS))


class Raw(Protocol):
    """Access to the database that goes around the engine under test."""

    async def write(self, table: Table, rows: Iterable[Row]) -> None:
        """Store whole rows, without a lifetime."""
        ...

    async def read(self, table: Table, partition: Values) -> list[Row]:
        """All rows that are physically stored in a partition, in any order."""
        ...


class EngineTests:
    """Base of the suite's classes."""

    contenders: int = 100
    """How many callers race for one row where the suite tests races."""

    @pytest.fixture
    def name(self) -> str:
        """A name that no other test uses."""
        return uuid4().hex


def row_of(table: Table, **values: Value) -> Row:
    """A whole row as the engine would read it, null where no value is given."""
    return {column.name: values.get(column.name) for column in table.key + table.regular}


async def pages(
    tables: Tables, table: Table, partition: Values, *, limit: int, reverse: bool = False, prefix: Values | None = None
) -> list[Page]:
    """Every page of a scan, from the first to the one without a cursor."""
    found = [await tables.scan(table, partition, limit=limit, reverse=reverse, prefix=prefix)]
    while found[-1].cursor is not None:
        found.append(
            await tables.scan(table, partition, limit=limit, reverse=reverse, prefix=prefix, cursor=found[-1].cursor)
        )
    return found


def rows_in(found: Iterable[Page]) -> list[Row]:
    """The rows of some pages, in order."""
    return [row for page in found for row in page.rows]
