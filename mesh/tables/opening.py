"""From a URL to an opened engine; each engine's packages are imported only when its scheme is used."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from urllib.parse import unquote, urlsplit

from mesh.tables.engine import Transferable
from mesh.tables.errors import UnknownEngine
from mesh.tables.schema import Schema


@asynccontextmanager
async def open_tables(url: str, schema: Schema) -> AsyncGenerator[Transferable]:
    """Open a service's tables for the length of the block; stored data of an older version is brought up.

    `sqlite:///absolute/path.db`: one file, one process; folders on the way are made.
    `cql://host[:port],…/keyspace`: a Cassandra or ScyllaDB cluster; one keyspace a schema, made where it is missing
    (`?replication=3`, see cql_url.py).

    Raises UnknownEngine, AlreadyOpen, NewerFormat, SchemaMismatch and Unavailable.
    """
    tables = await _open(url, schema)
    try:
        yield tables
    finally:
        await tables.close()


async def _open(url: str, schema: Schema) -> Transferable:
    parts = urlsplit(url)
    if parts.scheme == "sqlite":
        from mesh.tables.sqlite import SqliteTables

        path = unquote(parts.path)
        if parts.netloc or parts.query or parts.fragment or not path.startswith("/") or path.endswith("/"):
            raise UnknownEngine(f"{url!r} is not of the form sqlite:///absolute/path.db")
        return await SqliteTables.open(path, schema)
    if parts.scheme == "cql":
        from mesh.tables.cql import CqlTables
        from mesh.tables.cql_url import parse_target

        return await CqlTables.open(parse_target(url), schema)
    raise UnknownEngine(
        f"no tables engine is called {parts.scheme!r}; sqlite:///absolute/path.db and cql://host/keyspace are"
    )
