"""The table of hints: which rows may have events that wait for being published."""

from __future__ import annotations

import base64
import json
import zlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from mesh.ids import uuid7
from mesh.tables import ColumnType, Row, Table, Values, integer, text, timestamp
from mesh.tables.buckets import Buckets

SHARDS: Final = 4
"""Partitions that the hints of one time are spread over."""

WINDOWS: Final = Buckets(timedelta(minutes=10))
"""Hints lie in partitions by time, so that the places of deleted ones are not read for ever."""

_WINDOW: Final = integer("time_window")
_SHARD: Final = integer("shard")
_HINT: Final = text("hint")
_TARGET: Final = text("target")
_KEY: Final = text("target_key")
_WRITTEN: Final = timestamp("written")


def outbox_table(name: str = "outbox", *, since: int = 1) -> Table:
    """The declaration of a service's table of hints; one is enough for all its tables."""
    return Table(
        name,
        columns=(_WINDOW, _SHARD, _HINT, _TARGET, _KEY, _WRITTEN),
        partition_key=(_WINDOW.name, _SHARD.name),
        clustering_key=(_HINT.name,),
        since=since,
    )


@dataclass(frozen=True, slots=True)
class Hint:
    """Look at this row: it may have events that wait."""

    id: str
    target: str
    """The name of its table."""
    key: str
    """Its key, written down by `written_key`."""
    written: datetime

    @classmethod
    def new(cls, table: Table, key: Values, now: datetime) -> Hint:
        """A hint at the row with this key."""
        return cls(uuid7(), table.name, written_key(table, key), now)

    @classmethod
    def of(cls, row: Row) -> Hint:
        """The hint in a row that was read."""
        return cls(_HINT.of(row), _TARGET.of(row), _KEY.of(row), _WRITTEN.of(row))

    @property
    def row(self) -> Values:
        """Everything to be written."""
        return {**self.place, _TARGET.name: self.target, _KEY.name: self.key, _WRITTEN.name: self.written}

    @property
    def place(self) -> Values:
        """Its own key."""
        shard = zlib.crc32(self.key.encode()) % SHARDS
        return {_WINDOW.name: WINDOWS.of(self.written), _SHARD.name: shard, _HINT.name: self.id}


def partitions_around(now: datetime) -> list[Values]:
    """The partitions that hints of the last window's length are in."""
    newest = WINDOWS.of(now)
    return [{_WINDOW.name: w, _SHARD.name: s} for w in (newest - 1, newest, newest + 1) for s in range(SHARDS)]


def written_key(table: Table, key: Values) -> str:
    """A row's key as text: what the columns store, in order, as JSON."""
    stored = [column.encode(key[column.name], table.name) for column in table.key]
    plain = [base64.b64encode(value).decode() if isinstance(value, bytes) else value for value in stored]
    return json.dumps(plain, separators=(",", ":"))


def read_key(table: Table, content: str) -> Values:
    """The key that `written_key` wrote down."""
    plain: list[Any] = json.loads(content)
    return {
        column.name: column.decode(base64.b64decode(value) if column.type is ColumnType.BLOB else value)
        for column, value in zip(table.key, plain, strict=True)
    }
