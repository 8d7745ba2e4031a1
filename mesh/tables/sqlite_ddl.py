"""SQLite files: how tables are laid out, made, and brought up to a newer version.

A declared table is a STRICT table WITHOUT ROWID, so a partition's rows lie together in clustering order:

    "uploads"(_token, <partition…>, <clustering… [DESC]>, <regular…>, _expires)   _expires only if expiring
    "uploads__static"(<partition…>, <static…>)                                      only with static columns

`_token` leads the key, so that walks and shares of walks mean what they mean in CQL. `_expires` is
microseconds since the epoch, null for ever. `_meta` and `_tables` hold the format, the schema's name and
version, and the declarations.
"""

from __future__ import annotations

import json
import sqlite3
from typing import Any, Final

from mesh.tables.columns import Column, ColumnType
from mesh.tables.errors import NewerFormat, SchemaMismatch
from mesh.tables.schema import Schema, Table
from mesh.tables.versions import additions, describe

LAYOUT: Final = 1
"""Version of this module's own layout, apart from any schema's."""

_TYPES: Final = {
    ColumnType.TEXT: "TEXT",
    ColumnType.BLOB: "BLOB",
    ColumnType.INTEGER: "INTEGER",
    ColumnType.REAL: "REAL",
    ColumnType.BOOLEAN: "INTEGER",
    ColumnType.TIMESTAMP: "INTEGER",
}


def prepare(connection: sqlite3.Connection, schema: Schema) -> None:
    """Make the file's tables, or bring them up to `schema`, in one transaction.

    Raises NewerFormat and SchemaMismatch, the file untouched.
    """
    connection.execute("BEGIN IMMEDIATE")
    try:
        if _names(connection):
            _bring_up(connection, schema)
        else:
            _create(connection, schema)
        connection.execute("COMMIT")
    except BaseException:
        connection.execute("ROLLBACK")
        raise


def _create(connection: sqlite3.Connection, schema: Schema) -> None:
    connection.execute("CREATE TABLE _meta(name TEXT PRIMARY KEY, value ANY NOT NULL) STRICT")
    connection.execute("CREATE TABLE _tables(name TEXT PRIMARY KEY, declaration TEXT NOT NULL) STRICT")
    connection.execute("INSERT INTO _meta VALUES ('layout', ?), ('schema', ?)", (LAYOUT, schema.name))
    for table in schema.tables:
        _create_table(connection, table)
    _record(connection, schema)


def _bring_up(connection: sqlite3.Connection, schema: Schema) -> None:
    if "_meta" not in _names(connection):
        raise SchemaMismatch("this SQLite file was not made by vidmesh")
    meta = dict(connection.execute("SELECT name, value FROM _meta").fetchall())
    if meta["layout"] > LAYOUT:
        raise NewerFormat(
            f"the file has layout {meta['layout']}, and this programme knows {LAYOUT}: "
            "use the version that wrote it, or a newer one"
        )
    stored = {name: json.loads(text) for name, text in connection.execute("SELECT name, declaration FROM _tables")}
    missing = additions(schema, meta["schema"], meta["version"], stored)
    for table in missing.tables:
        _create_table(connection, table)
    for table, column in missing.columns:
        if not column.static:
            connection.execute(f'ALTER TABLE "{table.name}" ADD COLUMN {_cell(column)}')
        elif f"{table.name}__static" in _names(connection):
            connection.execute(f'ALTER TABLE "{table.name}__static" ADD COLUMN {_cell(column)}')
        else:
            # The table had no static column before, so its side table does not exist yet.
            _create_statics(connection, table, [column])
    _record(connection, schema)


def _create_table(connection: sqlite3.Connection, table: Table) -> None:
    order = ["_token", *(f'"{column.name}"' for column in table.partition)]
    order += [
        f'"{column.name}" DESC' if down else f'"{column.name}"'
        for column, down in zip(table.clustering, table.descending, strict=True)
    ]
    cells = ["_token INTEGER NOT NULL", *(f"{_cell(column)} NOT NULL" for column in table.key)]
    cells += [_cell(column) for column in table.regular]
    if table.expiring:
        cells.append("_expires INTEGER")
    connection.execute(
        f'CREATE TABLE "{table.name}"({", ".join(cells)}, PRIMARY KEY({", ".join(order)})) STRICT, WITHOUT ROWID'
    )
    if table.expiring:
        connection.execute(
            f'CREATE INDEX "{table.name}__expires" ON "{table.name}"(_expires) WHERE _expires IS NOT NULL'
        )
    if table.statics:
        _create_statics(connection, table, list(table.statics))


def _create_statics(connection: sqlite3.Connection, table: Table, columns: list[Column[Any]]) -> None:
    cells = [*(f"{_cell(column)} NOT NULL" for column in table.partition), *map(_cell, columns)]
    key = ", ".join(f'"{column.name}"' for column in table.partition)
    connection.execute(
        f'CREATE TABLE "{table.name}__static"({", ".join(cells)}, PRIMARY KEY({key})) STRICT, WITHOUT ROWID'
    )


def _cell(column: Column[Any]) -> str:
    return f'"{column.name}" {_TYPES[column.type]}'


def _record(connection: sqlite3.Connection, schema: Schema) -> None:
    connection.execute("INSERT OR REPLACE INTO _meta VALUES ('version', ?)", (schema.version,))
    connection.executemany(
        "INSERT OR REPLACE INTO _tables VALUES (?, ?)",
        [(table.name, json.dumps(describe(table, schema.version))) for table in schema.tables],
    )


def _names(connection: sqlite3.Connection) -> set[str]:
    return {name for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")}
