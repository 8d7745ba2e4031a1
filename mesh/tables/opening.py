"""From a URL to an opened engine; each engine's packages are imported only when its scheme is used."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import SplitResult, unquote, urlsplit

from mesh.tables.engine import Transferable
from mesh.tables.errors import UnknownEngine
from mesh.tables.plans import Plan, Planner, expansion, no_change
from mesh.tables.schema import Schema


@asynccontextmanager
async def open_tables(url: str, schema: Schema, *, make: bool = True) -> AsyncGenerator[Transferable]:
    """Open a service's tables for the length of the block; stored data of an older version is brought up.

    `sqlite:///absolute/path.db`: one file, one process; folders on the way are made.
    `cql://host[:port],…/keyspace`: a Cassandra or ScyllaDB cluster; one keyspace a schema, made where it is missing
    (`?replication=3`, see cql_url.py).

    Without `make` nothing is made or brought up: NotMigrated is raised where something would have to be.
    Raises UnknownEngine, AlreadyOpen, NewerFormat, SchemaMismatch and Unavailable.
    """
    tables = await _open(url, schema, expansion if make else no_change)
    try:
        yield tables
    finally:
        await tables.close()


async def migrate_tables(url: str, schema: Schema, planner: Planner, *, dry_run: bool = False) -> Plan:
    """Do to stored data what is planned and nothing else, or with `dry_run` only say it.

    On CQL services may have the data open meanwhile, on SQLite nobody may. Raises as `open_tables`, what the planner
    does, and StillInUse where something that open programmes need would be dropped.
    """
    parts = urlsplit(url)
    if parts.scheme == "sqlite":
        from mesh.tables.sqlite_opening import migrate_file

        return await migrate_file(_path(url, parts), schema, planner, dry_run=dry_run)
    if parts.scheme == "cql":
        from mesh.tables.cql_keyspace import migrate_keyspace
        from mesh.tables.cql_url import parse_target

        return await migrate_keyspace(parse_target(url), schema, planner, dry_run=dry_run)
    raise _unknown(parts)


def statements_of(url: str, plan: Plan) -> dict[str, list[str]]:
    """The statements that do what is planned on that engine, by table. Raises UnknownEngine."""
    parts = urlsplit(url)
    if parts.scheme == "sqlite":
        from mesh.tables.sqlite_ddl import plan_texts

        return plan_texts(plan)
    if parts.scheme == "cql":
        from mesh.tables.cql_ddl import plan_texts as cql_texts
        from mesh.tables.cql_url import parse_target

        return cql_texts(parse_target(url), plan)
    raise _unknown(parts)


async def _open(url: str, schema: Schema, planner: Planner) -> Transferable:
    parts = urlsplit(url)
    if parts.scheme == "sqlite":
        from mesh.tables.sqlite import SqliteTables

        return await SqliteTables.open(_path(url, parts), schema, planner=planner)
    if parts.scheme == "cql":
        from mesh.tables.cql import CqlTables
        from mesh.tables.cql_url import parse_target

        return await CqlTables.open(parse_target(url), schema, planner=planner)
    raise _unknown(parts)


def _path(url: str, parts: SplitResult) -> Path:
    path = unquote(parts.path)
    if parts.netloc or parts.query or parts.fragment or not path.startswith("/") or path.endswith("/"):
        raise UnknownEngine(f"{url!r} is not of the form sqlite:///absolute/path.db")
    return Path(path)


def _unknown(parts: SplitResult) -> UnknownEngine:
    return UnknownEngine(
        f"no tables engine is called {parts.scheme!r}; sqlite:///absolute/path.db and cql://host/keyspace are"
    )
