"""Partitions with one token. Chance does not make them, but whoever chooses keys can, and a walk must not lose any.

Within a token the database keeps partitions in the order of their keys' bytes, which `key_bytes` gives: one column's
value as it is, of several each with its length before and a zero after it. (Cassandra's CompositeType.)
"""

from __future__ import annotations

import struct

from mesh.tables.checks import KeyValues
from mesh.tables.columns import Stored
from mesh.tables.cql_session import CqlSession
from mesh.tables.cql_statements import Statements


async def later_siblings(session: CqlSession, statements: Statements, partition: KeyValues) -> list[KeyValues]:
    """The partitions that come after this one and have its token, in the database's order."""
    found = [tuple(cells) for cells in await session.read(statements.select_siblings(partition))]
    place = key_bytes(partition)
    return [other for other in found if key_bytes(other) > place]


def key_bytes(partition: KeyValues) -> bytes:
    """A partition key as the database stores it."""
    if len(partition) == 1:
        return _value_bytes(partition[0])
    parts = map(_value_bytes, partition)
    return b"".join(struct.pack(">H", len(part)) + part + b"\0" for part in parts)


def _value_bytes(value: Stored) -> bytes:
    if isinstance(value, bytes):
        return value
    if isinstance(value, str):
        return value.encode()
    if isinstance(value, bool):
        return b"\1" if value else b"\0"
    return struct.pack(">q", value)
