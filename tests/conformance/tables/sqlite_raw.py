"""Raw access to the SQLite engine's file: a connection and statements of its own."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

from mesh.tables import ColumnType, Row, Table, Value, Values
from mesh.tables.tokens import token_of

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class RawSqlite:
    """`Raw` on the file at `path`. Only the token is taken from the code under test: it has a test apart."""

    def __init__(self, path: Path) -> None:
        self._path = path

    async def write(self, table: Table, rows: Iterable[Row]) -> None:
        """See Raw."""
        columns = table.key + table.regular
        names = ", ".join(f'"{column.name}"' for column in columns)
        marks = ", ".join("?" for _ in columns)
        cells = [
            (
                token_of(tuple(_stored(row[column.name]) for column in table.partition)),
                *(_stored(row[column.name]) for column in columns),
            )
            for row in rows
        ]
        with closing(sqlite3.connect(self._path)) as connection, connection:
            connection.executemany(f'INSERT INTO "{table.name}"(_token, {names}) VALUES(?, {marks})', cells)

    async def read(self, table: Table, partition: Values) -> list[Row]:
        """See Raw."""
        columns = table.key + table.regular
        names = ", ".join(f'"{column.name}"' for column in columns)
        test = " AND ".join(f'"{name}" = ?' for name in partition)
        with closing(sqlite3.connect(self._path)) as connection:
            found = connection.execute(
                f'SELECT {names} FROM "{table.name}" WHERE {test}', [_stored(v) for v in partition.values()]
            ).fetchall()
        return [
            {column.name: _value(column.type, cell) for column, cell in zip(columns, cells, strict=True)}
            for cells in found
        ]


def _stored(value: Value) -> str | bytes | int | float | None:
    if isinstance(value, datetime):
        return (value - _EPOCH) // timedelta(microseconds=1)
    return value


def _value(kind: ColumnType, cell: str | bytes | int | float | None) -> Value:
    if kind is ColumnType.BOOLEAN and cell is not None:
        return bool(cell)
    if kind is ColumnType.TIMESTAMP and isinstance(cell, int):
        return _EPOCH + timedelta(microseconds=cell)
    return cell
