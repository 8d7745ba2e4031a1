"""SQLite files: how tables are laid out, and the statements that make, extend and drop them.

A declared table is a STRICT table WITHOUT ROWID, so a partition's rows lie together in clustering order:

    "uploads"(_token, <partition…>, <clustering… [DESC]>, <regular…>, _expires)   _expires only if expiring
    "uploads__static"(<partition…>, <static…>)                                      only with static columns

`_token` leads the key, so that walks and shares of walks mean what they mean in CQL. `_expires` is
microseconds since the epoch, null for ever. `_meta` and `_tables` hold the format, the schema's name and
version, and the declarations.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from mesh.tables.columns import Column, ColumnType
from mesh.tables.plans import AddColumn, AddTable, DropColumn, DropTable, Plan, Step
from mesh.tables.schema import Table
from mesh.tables.versions import NOTHING

_META: Final = "CREATE TABLE _meta(name TEXT PRIMARY KEY, value ANY NOT NULL) STRICT"
_TABLES: Final = "CREATE TABLE _tables(name TEXT PRIMARY KEY, declaration TEXT NOT NULL) STRICT"
_TYPES: Final = {
    ColumnType.TEXT: "TEXT",
    ColumnType.BLOB: "BLOB",
    ColumnType.INTEGER: "INTEGER",
    ColumnType.REAL: "REAL",
    ColumnType.BOOLEAN: "INTEGER",
    ColumnType.TIMESTAMP: "INTEGER",
}


def plan_texts(plan: Plan) -> dict[str, list[str]]:
    """The statements of a plan by table, in order."""
    texts = {"_meta": [_META], "_tables": [_TABLES]} if plan.before.version == NOTHING and not plan.is_done else {}
    for step in plan.steps:
        texts.setdefault(step.table.name, []).extend(_step_texts(step))
    return texts


def _step_texts(step: Step) -> list[str]:
    match step:
        case AddTable(table):
            return _table_texts(table)
        case AddColumn(table, column, first=True):
            # The table had no static column before, so its side table does not exist yet.
            return [_statics_text(table, [column])]
        case AddColumn(table, column):
            return [f"ALTER TABLE {_home(table, column)} ADD COLUMN {_cell(column)}"]
        case DropColumn(table, column, last=True):
            return [f"DROP TABLE {_home(table, column)}"]
        case DropColumn(table, column):
            return [f'ALTER TABLE {_home(table, column)} DROP COLUMN "{column.name}"']
        case DropTable(table):
            return [f'DROP TABLE "{table.name}"', f'DROP TABLE IF EXISTS "{table.name}__static"']


def _table_texts(table: Table) -> list[str]:
    order = ["_token", *(f'"{column.name}"' for column in table.partition)]
    order += [
        f'"{column.name}" DESC' if down else f'"{column.name}"'
        for column, down in zip(table.clustering, table.descending, strict=True)
    ]
    cells = ["_token INTEGER NOT NULL", *(f"{_cell(column)} NOT NULL" for column in table.key)]
    cells += [_cell(column) for column in table.regular]
    if table.expiring:
        cells.append("_expires INTEGER")
    texts = [f'CREATE TABLE "{table.name}"({", ".join(cells)}, PRIMARY KEY({", ".join(order)})) STRICT, WITHOUT ROWID']
    if table.expiring:
        texts.append(f'CREATE INDEX "{table.name}__expires" ON "{table.name}"(_expires) WHERE _expires IS NOT NULL')
    if table.statics:
        texts.append(_statics_text(table, table.statics))
    return texts


def _statics_text(table: Table, columns: Sequence[Column[Any]]) -> str:
    cells = [*(f"{_cell(column)} NOT NULL" for column in table.partition), *map(_cell, columns)]
    key = ", ".join(f'"{column.name}"' for column in table.partition)
    return f'CREATE TABLE "{table.name}__static"({", ".join(cells)}, PRIMARY KEY({key})) STRICT, WITHOUT ROWID'


def _home(table: Table, column: Column[Any]) -> str:
    return f'"{table.name}__static"' if column.static else f'"{table.name}"'


def _cell(column: Column[Any]) -> str:
    return f'"{column.name}" {_TYPES[column.type]}'
