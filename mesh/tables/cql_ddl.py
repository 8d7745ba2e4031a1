"""CQL keyspaces: how tables are laid out, and the statements that make, extend and drop them.

    "uploads"((<partition…>), <clustering…>, <regular and static…>, _live, _void)
    "schema__meta"(part, name, value)      format, the schema's name and version, declarations; a lock, and who is there

One keyspace holds one schema. What is here runs the same on Cassandra and on ScyllaDB.
"""

from __future__ import annotations

from typing import Any, Final
from uuid import NAMESPACE_URL, uuid5

from mesh.tables.columns import Column, ColumnType
from mesh.tables.cql_statements import LIVE, VOID, quoted
from mesh.tables.cql_url import CqlTarget
from mesh.tables.plans import AddColumn, AddTable, DropColumn, DropTable, Plan, Step
from mesh.tables.schema import Table
from mesh.tables.versions import NOTHING

# Declared names have no double underscores.
META: Final = "schema__meta"
"""The table that says what a keyspace holds."""

_TYPES: Final = {
    ColumnType.TEXT: "text",
    ColumnType.BLOB: "blob",
    ColumnType.INTEGER: "bigint",
    ColumnType.REAL: "double",
    ColumnType.BOOLEAN: "boolean",
    # CQL's own timestamp has milliseconds.
    ColumnType.TIMESTAMP: "bigint",
}


def plan_texts(target: CqlTarget, plan: Plan) -> dict[str, list[str]]:
    """The statements of a plan by table, in order; those that are done already are left out when it is their turn."""
    texts = {META: layout_texts(target)} if plan.before.version == NOTHING and not plan.is_done else {}
    for step in plan.steps:
        texts.setdefault(step.table.name, []).append(step_text(target.keyspace, step))
    return texts


def layout_texts(target: CqlTarget) -> list[str]:
    """What makes a keyspace and the table that says what it holds; may be run by many, and again."""
    return [keyspace_text(target), _meta_text(target.keyspace)]


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


def step_text(keyspace: str, step: Step) -> str:
    """The statement of one step of a plan."""
    name = f"{quoted(keyspace)}.{quoted(step.table.name)}"
    match step:
        case AddTable(table):
            return table_text(keyspace, table)
        case AddColumn(_, column):
            return f"ALTER TABLE {name} ADD {_cell(column)}"
        case DropColumn(_, column):
            return f"ALTER TABLE {name} DROP {quoted(column.name)}"
        case DropTable():
            return f"DROP TABLE IF EXISTS {name}"


def table_text(keyspace: str, table: Table) -> str:
    """The statement that makes a table."""
    cells = [_cell(column) for column in table.columns if column.retired is None]
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


def _meta_text(keyspace: str) -> str:
    # Made under no lock, for the lock is in it. Nodes that make a table at once give it an id each and then disagree
    # for good; an id that follows from the name is the same on all.
    return (
        f"CREATE TABLE IF NOT EXISTS {quoted(keyspace)}.{quoted(META)}"
        f"(part text, name text, value text, PRIMARY KEY (part, name)) "
        f"WITH id = {uuid5(NAMESPACE_URL, f'vidmesh:{keyspace}')}"
    )


def _cell(column: Column[Any]) -> str:
    return f"{quoted(column.name)} {_TYPES[column.type]}{' static' if column.static else ''}"
