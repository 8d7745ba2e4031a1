"""What is stored about a schema beside the data, and whether a programme may open it.

Data stands at the version of the newest programme that opened it, and says which is the oldest that may: the version
before its own, as long as nothing that this one needs has been dropped.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

from mesh.tables.columns import Column
from mesh.tables.errors import NewerFormat, SchemaMismatch
from mesh.tables.schema import Schema, Table

Declaration: TypeAlias = dict[str, Any]
"""A table's stored shape, as `describe` gives it."""

NOTHING: Final = 0
"""The version of data that is not there yet."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What stored data says of itself."""

    schema: str
    version: int = NOTHING
    oldest: int = 1
    """The oldest version of the programme that may open it."""
    tables: Mapping[str, Declaration] = field(default_factory=dict[str, Declaration])
    """The tables that stand, retired ones included, by name."""


def describe(table: Table) -> Declaration:
    """The shape of a table in JSON's types, without what is retired."""
    return {
        "partition": [column.name for column in table.partition],
        "clustering": [
            [column.name, "desc" if down else "asc"]
            for column, down in zip(table.clustering, table.descending, strict=True)
        ],
        "columns": {column.name: kind_of(column) for column in table.key + table.regular + table.statics},
        "expiring": table.expiring,
    }


def kind_of(column: Column[Any]) -> str:
    """A column as a declaration holds it."""
    return f"static {column.type.value}" if column.static else column.type.value


def has_statics(declaration: Declaration) -> bool:
    """Whether a stored table has a static column, retired or not."""
    return any(kind.startswith("static ") for kind in declaration["columns"].values())


def check_standing(schema: Schema, standing: Standing) -> None:
    """Whether a programme with `schema` may open data that stands so.

    Raises NewerFormat where the data is too far ahead, SchemaMismatch where it cannot have come from this schema.
    """
    name, version = schema.name, standing.version
    if standing.schema != name:
        raise SchemaMismatch(f"the data belongs to {standing.schema}, not to {name}")
    if schema.version < min(version, standing.oldest):
        raise NewerFormat(
            f"the data of {name} has version {version}, and this programme knows {schema.version}: "
            f"use the version that wrote it, or a newer one ({standing.oldest} is the oldest that may open it)"
        )
    known = {table.name: table for table in schema.tables if table.since <= version}
    different = {table for table in known.keys() - standing.tables.keys() if known[table].retired is None}
    if version <= schema.version:
        different |= standing.tables.keys() - known.keys()
    if different:
        raise SchemaMismatch(f"{name} version {version} has changed its tables: {', '.join(sorted(different))}")
    for table in known.values():
        if (stored := standing.tables.get(table.name)) and not _fits(table, stored, version, schema.version):
            raise SchemaMismatch(f"table {table.name} of {name} is not as version {version} declared it")


def _fits(table: Table, stored: Declaration, version: int, known: int) -> bool:
    columns = [column for column in table.columns if table.added_in(column) <= version]
    cells: dict[str, str] = stored["columns"]
    declared = describe(table)
    return (
        all(stored[part] == declared[part] for part in ("partition", "clustering", "expiring"))
        and all(
            cells.get(column.name) == kind_of(column) or (column.retired is not None and column.name not in cells)
            for column in columns
        )
        # Only a newer version can have added what is not known here.
        and (version > known or cells.keys() <= {column.name for column in columns})
    )
