"""How the data in a SQLite file stands, and changing it by a plan, in one transaction."""

from __future__ import annotations

import json
import sqlite3
from typing import Final

from mesh.tables.errors import NewerFormat, SchemaMismatch
from mesh.tables.plans import Plan, Planner
from mesh.tables.schema import Schema
from mesh.tables.sqlite_ddl import plan_texts
from mesh.tables.versions import Standing

LAYOUT: Final = 1
"""Version of the engine's own layout, apart from any schema's."""


def change(connection: sqlite3.Connection, schema: Schema, planner: Planner) -> Plan:
    """Do what is planned. Raises as `standing_of` and the planner do, the file untouched."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        planned = planner(schema, standing_of(connection, schema.name))
        if not planned.is_done:
            for texts in plan_texts(planned).values():
                for text in texts:
                    connection.execute(text)
            _record(connection, planned)
        connection.execute("COMMIT")
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    return planned


def standing_of(connection: sqlite3.Connection, schema: str) -> Standing:
    """How the data stands. Raises SchemaMismatch for a file of another programme, NewerFormat for a newer layout."""
    names = {name for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")}
    if not names:
        return Standing(schema)
    if "_meta" not in names:
        raise SchemaMismatch("this SQLite file was not made by vidmesh")
    meta = dict(connection.execute("SELECT name, value FROM _meta").fetchall())
    if meta["layout"] > LAYOUT:
        raise NewerFormat(
            f"the file has layout {meta['layout']}, and this programme knows {LAYOUT}: "
            "use the version that wrote it, or a newer one"
        )
    stored = {name: json.loads(text) for name, text in connection.execute("SELECT name, declaration FROM _tables")}
    return Standing(meta["schema"], meta["version"], meta.get("oldest", meta["version"]), stored)


def _record(connection: sqlite3.Connection, plan: Plan) -> None:
    after = plan.after
    connection.executemany(
        "INSERT OR REPLACE INTO _meta VALUES (?, ?)",
        [("layout", LAYOUT), ("schema", after.schema), ("version", after.version), ("oldest", after.oldest)],
    )
    connection.execute("DELETE FROM _tables")
    connection.executemany(
        "INSERT INTO _tables VALUES (?, ?)", [(name, json.dumps(table)) for name, table in after.tables.items()]
    )
