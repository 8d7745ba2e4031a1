"""CQL keyspaces: how tables are laid out, made, and brought up to a newer version.

    "uploads"((<partition…>), <clustering…>, <regular and static…>, _live, _void)
    "schema__meta"(part, name, value)      format, the schema's name and version, declarations; and a lock

One keyspace holds one schema. What is here runs the same on Cassandra and on ScyllaDB.
"""
# ruff: noqa: S608 (names are checked, and every value is a parameter)

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any, Final
from uuid import uuid4

from mesh.tables.columns import Column, ColumnType
from mesh.tables.cql_session import CqlSession
from mesh.tables.cql_statements import LIVE, VOID, quoted
from mesh.tables.cql_url import CqlTarget
from mesh.tables.errors import NewerFormat, SchemaMismatch, Unavailable
from mesh.tables.schema import Schema, Table
from mesh.tables.versions import Additions, additions, describe

LAYOUT: Final = 1
"""Version of this module's own layout, apart from any schema's."""

# Declared names have no double underscores.
_META: Final = "schema__meta"
_LOCK_SECONDS: Final = 120
_TYPES: Final = {
    ColumnType.TEXT: "text",
    ColumnType.BLOB: "blob",
    ColumnType.INTEGER: "bigint",
    ColumnType.REAL: "double",
    ColumnType.BOOLEAN: "boolean",
    # CQL's own timestamp has milliseconds.
    ColumnType.TIMESTAMP: "bigint",
}


async def prepare(session: CqlSession, target: CqlTarget, schema: Schema) -> None:
    """Make the keyspace's tables, or bring them up to `schema`; of many processes one does it, the others wait.

    Raises NewerFormat and SchemaMismatch, the keyspace untouched, and Unavailable.
    """
    keyspace = target.keyspace
    tables = await _tables(session, keyspace)
    if tables and _META not in tables:
        raise SchemaMismatch(f"keyspace {keyspace} was not made by vidmesh")
    if not tables:
        await session.define(keyspace_text(target))
        await session.define(
            f"CREATE TABLE IF NOT EXISTS {quoted(keyspace)}.{quoted(_META)}"
            "(part text, name text, value text, PRIMARY KEY (part, name))"
        )
    if not _is_empty(await _missing(session, keyspace, schema)):
        async with _locked(session, keyspace):
            await _bring_up(session, keyspace, schema, await _missing(session, keyspace, schema))
    elif await _version(session, keyspace) < schema.version:
        await _record(session, keyspace, schema)


def keyspace_text(target: CqlTarget) -> str:
    """The statement that makes a keyspace. NetworkTopologyStrategy, since the simple one cannot have tablets."""
    copies = "".join(f", '{name}': {count}" for name, count in target.replication)
    text = (
        f"CREATE KEYSPACE IF NOT EXISTS {quoted(target.keyspace)} "
        f"WITH replication = {{'class': 'NetworkTopologyStrategy'{copies}}}"
    )
    if target.tablets is not None:
        # Only ScyllaDB knows the word.
        text += f" AND tablets = {{'enabled': {str(target.tablets).lower()}}}"
    return text


def table_text(keyspace: str, table: Table) -> str:
    """The statement that makes a table."""
    cells = [_cell(column) for column in table.columns]
    cells += [f"{quoted(LIVE)} bigint", f"{quoted(VOID)} tinyint{' static' if table.clustering else ''}"]
    partition = ", ".join(quoted(column.name) for column in table.partition)
    key = ", ".join([f"({partition})", *(quoted(column.name) for column in table.clustering)])
    order = ", ".join(
        f"{quoted(column.name)} {'DESC' if down else 'ASC'}"
        for column, down in zip(table.clustering, table.descending, strict=True)
    )
    text = (
        f"CREATE TABLE IF NOT EXISTS {quoted(keyspace)}.{quoted(table.name)}({', '.join(cells)}, PRIMARY KEY ({key}))"
    )
    return f"{text} WITH CLUSTERING ORDER BY ({order})" if order else text


async def _bring_up(session: CqlSession, keyspace: str, schema: Schema, missing: Additions) -> None:
    for table in missing.tables:
        await session.define(table_text(keyspace, table))
    for table, column in missing.columns:
        # An earlier attempt may have ended half way.
        if column.name not in await _columns(session, keyspace, table):
            name = f"{quoted(keyspace)}.{quoted(table.name)}"
            await session.define(f"ALTER TABLE {name} ADD {_cell(column)}")
    await _record(session, keyspace, schema)


async def _missing(session: CqlSession, keyspace: str, schema: Schema) -> Additions:
    meta = await _part(session, keyspace, "schema")
    layout = int(meta.get("layout", LAYOUT))
    if layout > LAYOUT:
        raise NewerFormat(
            f"keyspace {keyspace} has layout {layout}, and this programme knows {LAYOUT}: "
            "use the version that wrote it, or a newer one"
        )
    stored = {name: json.loads(text) for name, text in (await _part(session, keyspace, "tables")).items()}
    version = int(meta.get("version", 0))
    return additions(schema, meta.get("schema", schema.name), version, stored if version else {})


async def _record(session: CqlSession, keyspace: str, schema: Schema) -> None:
    # The version comes last: whoever reads it finds everything that it promises.
    for table in schema.tables:
        await _set(session, keyspace, "tables", table.name, json.dumps(describe(table, schema.version)))
    await _set(session, keyspace, "schema", "layout", str(LAYOUT))
    await _set(session, keyspace, "schema", "schema", schema.name)
    await _set(session, keyspace, "schema", "version", str(schema.version))


@asynccontextmanager
async def _locked(session: CqlSession, keyspace: str) -> AsyncGenerator[None]:
    meta = f"{quoted(keyspace)}.{quoted(_META)}"
    holder = uuid4().hex
    take = f"INSERT INTO {meta}(part, name, value) VALUES('lock', 'lock', ?) IF NOT EXISTS USING TTL {_LOCK_SECONDS}"
    for _ in range(_LOCK_SECONDS):
        if await session.decide([(take, (holder,))]):
            break
        await asyncio.sleep(1)
    else:
        raise Unavailable(f"another process has been changing keyspace {keyspace} for {_LOCK_SECONDS} s")
    try:
        yield
    finally:
        await session.decide([(f"DELETE FROM {meta} WHERE part = 'lock' AND name = 'lock' IF value = ?", (holder,))])


async def _tables(session: CqlSession, keyspace: str) -> set[str]:
    rows = await session.read(("SELECT table_name FROM system_schema.tables WHERE keyspace_name = ?", (keyspace,)))
    return {name for (name,) in rows}


async def _columns(session: CqlSession, keyspace: str, table: Table) -> set[str]:
    text = "SELECT column_name FROM system_schema.columns WHERE keyspace_name = ? AND table_name = ?"
    return {name for (name,) in await session.read((text, (keyspace, table.name)))}


async def _version(session: CqlSession, keyspace: str) -> int:
    return int((await _part(session, keyspace, "schema")).get("version", 0))


async def _part(session: CqlSession, keyspace: str, part: str) -> dict[str, str]:
    text = f"SELECT name, value FROM {quoted(keyspace)}.{quoted(_META)} WHERE part = ?"
    return dict(await session.read((text, (part,))))  # type: ignore[arg-type]


async def _set(session: CqlSession, keyspace: str, part: str, name: str, value: str) -> None:
    text = f"INSERT INTO {quoted(keyspace)}.{quoted(_META)}(part, name, value) VALUES(?, ?, ?)"
    await session.write((text, (part, name, value)))


def _is_empty(missing: Additions) -> bool:
    return not missing.tables and not missing.columns


def _cell(column: Column[Any]) -> str:
    return f"{quoted(column.name)} {_TYPES[column.type]}{' static' if column.static else ''}"
