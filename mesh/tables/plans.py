"""What has to be done so that stored data fits a schema: pure, and the same for every engine.

Expanding adds what a version declares and drops nothing, so programmes of the version before go on. Contracting drops
what is retired, after which they are refused.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

from mesh.tables.columns import Column
from mesh.tables.errors import NewerFormat, NotMigrated
from mesh.tables.schema import Schema, Table
from mesh.tables.versions import NOTHING, Declaration, Standing, check_standing, describe, has_statics, kind_of


@dataclass(frozen=True, slots=True)
class AddTable:
    """Make a table, without its retired columns."""

    table: Table


@dataclass(frozen=True, slots=True)
class AddColumn:
    """Add a column to a table that stands; `first` where it is static and no static column stands."""

    table: Table
    column: Column[Any]
    first: bool = False


@dataclass(frozen=True, slots=True)
class DropColumn:
    """Drop a retired column; `last` where it is static and no other static column stands."""

    table: Table
    column: Column[Any]
    last: bool = False


@dataclass(frozen=True, slots=True)
class DropTable:
    """Drop a retired table."""

    table: Table


Step: TypeAlias = AddTable | AddColumn | DropColumn | DropTable


@dataclass(frozen=True, slots=True)
class Plan:
    """Steps to be done in order, and how the data stands afterwards."""

    before: Standing
    steps: tuple[Step, ...]
    after: Standing

    @property
    def is_done(self) -> bool:
        """Whether nothing has to be done, nor noted."""
        return self.before == self.after

    @property
    def drops(self) -> bool:
        """Whether something is dropped, so that programmes which use it have to be gone."""
        return any(isinstance(step, DropColumn | DropTable) for step in self.steps)


Planner: TypeAlias = Callable[[Schema, Standing], Plan]
"""One of `expansion`, `no_change` and `contraction`."""


def expansion(schema: Schema, standing: Standing) -> Plan:
    """What data needs so that a programme with `schema` can use it. Raises as `check_standing` does."""
    check_standing(schema, standing)
    if standing.version >= schema.version:
        return Plan(standing, (), standing)
    steps: list[Step] = []
    tables = dict(standing.tables)
    for table in schema.active:
        stored = tables.get(table.name)
        if stored is None:
            steps.append(AddTable(table))
            tables[table.name] = describe(table)
        else:
            added, tables[table.name] = _grown(table, stored)
            steps += added
    after = replace(standing, version=schema.version, oldest=max(standing.oldest, schema.version - 1), tables=tables)
    return Plan(standing, tuple(steps), _fenced(schema, after))


def no_change(schema: Schema, standing: Standing) -> Plan:
    """The expansion of data that needs none. Raises as `expansion`, and NotMigrated where something has to be done."""
    plan = expansion(schema, standing)
    if not plan.is_done:
        raise NotMigrated(
            f"{_found(standing)} of {schema.name}, and this programme needs version {schema.version}: "
            f'run `vidmesh migrate {schema.name}` first, or set tables.migrate to "auto"'
        )
    return plan


def contraction(schema: Schema, standing: Standing) -> Plan:
    """What drops everything that is retired. Afterwards programmes that used it are refused.

    Raises as `check_standing` does, and NotMigrated where the data was not brought to `schema`'s version yet, which
    means that older programmes may be all there are.
    """
    check_standing(schema, standing)
    if standing.version == NOTHING:
        return Plan(standing, (), standing)
    if standing.version > schema.version:
        raise NewerFormat(
            f"the data of {schema.name} has version {standing.version}, and this programme knows {schema.version}: "
            "what is retired is dropped by the newest version"
        )
    if standing.version < schema.version:
        raise NotMigrated(
            f"{_found(standing)} of {schema.name}, and programmes of that version may run on it: bring it to version "
            f"{schema.version} by `vidmesh migrate {schema.name}`, and every programme too, before anything is dropped"
        )
    steps: list[Step] = []
    tables = dict(standing.tables)
    for table in schema.tables:
        if (stored := tables.get(table.name)) is None:
            continue
        if table.retired is not None:
            steps.append(DropTable(table))
            del tables[table.name]
        else:
            dropped, tables[table.name] = _shrunk(table, stored)
            steps += dropped
    return Plan(standing, tuple(steps), _fenced(schema, replace(standing, tables=tables)))


def _found(standing: Standing) -> str:
    return "there is no data" if standing.version == NOTHING else f"there is data of version {standing.version}"


def _grown(table: Table, stored: Declaration) -> tuple[list[Step], Declaration]:
    steps: list[Step] = []
    for column in table.regular + table.statics:
        if column.name not in stored["columns"]:
            steps.append(AddColumn(table, column, first=column.static and not has_statics(stored)))
            stored = {**stored, "columns": {**stored["columns"], column.name: kind_of(column)}}
    return steps, stored


def _shrunk(table: Table, stored: Declaration) -> tuple[list[Step], Declaration]:
    steps: list[Step] = []
    for column in table.columns:
        if column.retired is not None and column.name in stored["columns"]:
            left = {name: kind for name, kind in stored["columns"].items() if name != column.name}
            stored = {**stored, "columns": left}
            steps.append(DropColumn(table, column, last=column.static and not has_statics(stored)))
    return steps, stored


def _fenced(schema: Schema, after: Standing) -> Standing:
    """Closed to the versions that used something which does not stand, or stands no more."""
    oldest = after.oldest
    for table in schema.tables:
        stored = after.tables.get(table.name)
        if stored is None:
            oldest = max(oldest, table.retired or 1)
            continue
        for column in table.columns:
            if column.retired is not None and column.name not in stored["columns"]:
                oldest = max(oldest, column.retired)
    return replace(after, oldest=oldest)
