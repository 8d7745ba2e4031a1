"""Cursors: the position of a row in a query's order, bound to that query.

Layout: one byte of format, eight bytes that identify the query, then the position as a JSON list of stored
values. Everything an engine binds from a cursor has been checked against its column's type.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from collections.abc import Iterable, Sequence
from typing import Any, Final, cast

from mesh.tables.columns import Column, ColumnType, Stored
from mesh.tables.errors import InvalidCursor

_FORMAT: Final = b"\x01"
_HEAD: Final = 9
_PYTHON: Final = {
    ColumnType.TEXT: str,
    ColumnType.BLOB: bytes,
    ColumnType.INTEGER: int,
    ColumnType.BOOLEAN: bool,
    ColumnType.TIMESTAMP: int,
}


def fingerprint(*parts: Any) -> bytes:
    """Eight bytes that tell queries apart; parts are JSON values, bytes, or lists of them."""
    return hashlib.blake2b(_dumps(parts), digest_size=8).digest()


def write_cursor(query: bytes, position: Iterable[Stored]) -> bytes:
    """The cursor of a position in the query with this fingerprint."""
    return _FORMAT + query + _dumps(list(position))


def read_cursor(cursor: bytes, query: bytes, columns: Sequence[Column[Any]]) -> tuple[Stored, ...]:
    """The position in `cursor`: one stored value for each column. Raises InvalidCursor."""
    if cursor[:1] != _FORMAT or cursor[1:_HEAD] != query:
        raise InvalidCursor("the cursor belongs to another query")
    try:
        loaded = json.loads(cursor[_HEAD:], object_hook=_bytes)
    except (ValueError, KeyError, TypeError):
        raise InvalidCursor("the cursor is damaged") from None
    position = cast("list[Stored]", loaded)
    if not isinstance(loaded, list) or [type(v) for v in position] != [_PYTHON[c.type] for c in columns]:
        raise InvalidCursor("the cursor is damaged")
    if any(isinstance(value, int) and not -(2**63) <= value < 2**63 for value in position):
        raise InvalidCursor("the cursor is damaged")
    return tuple(position)


def _dumps(value: Any) -> bytes:
    return json.dumps(value, default=_encode_bytes, separators=(",", ":"), ensure_ascii=False).encode()


def _encode_bytes(value: Any) -> dict[str, str]:
    return {"b": base64.b64encode(cast(bytes, value)).decode()}


def _bytes(value: dict[str, Any]) -> bytes:
    try:
        return base64.b64decode(value["b"], validate=True)
    except binascii.Error:
        raise ValueError from None
