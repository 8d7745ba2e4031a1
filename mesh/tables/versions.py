"""What is stored about a schema beside the data, and what opening it with another version means."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, TypeAlias

from mesh.tables.columns import Column
from mesh.tables.errors import NewerFormat, SchemaMismatch
from mesh.tables.schema import Schema, Table

Declaration: TypeAlias = dict[str, Any]
"""A table's stored shape, as `describe` gives it."""


@dataclass(frozen=True, slots=True)
class Additions:
    """What an engine has to add to stored data so that it fits a schema."""

    tables: tuple[Table, ...]
    columns: tuple[tuple[Table, Column[Any]], ...]


def describe(table: Table, version: int) -> Declaration:
    """The shape of a table as of a schema version, in JSON's types."""
    return {
        "partition": [column.name for column in table.partition],
        "clustering": [
            [column.name, "desc" if down else "asc"]
            for column, down in zip(table.clustering, table.descending, strict=True)
        ],
        "columns": {
            column.name: f"static {column.type.value}" if column.static else column.type.value
            for column in table.columns
            if table.added_in(column) <= version
        },
        "expiring": table.expiring,
    }


def additions(schema: Schema, name: str, version: int, stored: dict[str, Declaration]) -> Additions:
    """Compare stored data of schema `name` at `version` with the schema it is opened with.

    Raises NewerFormat where the data is ahead, SchemaMismatch where it cannot have come from this schema.
    """
    if name != schema.name:
        raise SchemaMismatch(f"the data belongs to {name}, not to {schema.name}")
    if version > schema.version:
        raise NewerFormat(
            f"the data of {name} has version {version}, and this programme knows {schema.version}: "
            "use the version that wrote it, or a newer one"
        )
    old = {table.name: table for table in schema.tables if table.since <= version}
    if different := stored.keys() ^ old.keys():
        raise SchemaMismatch(f"{name} version {version} has changed its tables: {', '.join(sorted(different))}")
    for table in old.values():
        if _canonical(describe(table, version)) != _canonical(stored[table.name]):
            raise SchemaMismatch(f"table {table.name} of {name} is not as version {version} declared it")
    return Additions(
        tables=tuple(table for table in schema.tables if table.since > version),
        columns=tuple(
            (table, column) for table in old.values() for column in table.columns if table.added_in(column) > version
        ),
    )


def _canonical(declaration: Declaration) -> str:
    return json.dumps(declaration, sort_keys=True)
