"""Raw access to the CQL engine's keyspace: a session and statements of its own."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from itertools import groupby
from typing import Any

from cassandra.cluster import Session
from cassandra.query import BatchStatement, BatchType

from mesh.tables import Column, ColumnType, Row, Table, Value, Values

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_BATCH = 50


class RawCassandra:
    """`Raw` on a keyspace. What makes a row exist, `_live`, is part of the stored format."""

    def __init__(self, session: Session, keyspace: str) -> None:
        self._session = session
        self._keyspace = keyspace
        self._prepared: dict[str, Any] = {}

    async def write(self, table: Table, rows: Iterable[Row]) -> None:
        """See Raw."""
        await asyncio.to_thread(self._write, table, list(rows))

    async def read(self, table: Table, partition: Values) -> list[Row]:
        """See Raw."""
        return await asyncio.to_thread(self._read, table, partition)

    def forget(self, table: Table) -> None:
        """Remove all rows of a table."""
        names = ", ".join(f'"{column.name}"' for column in table.partition)
        test = " AND ".join(f'"{column.name}" = ?' for column in table.partition)
        delete = self._prepare(f'DELETE FROM {self._keyspace}."{table.name}" WHERE {test}')
        found = list(
            self._session.execute(self._prepare(f'SELECT DISTINCT {names} FROM {self._keyspace}."{table.name}"'))
        )
        for future in [self._session.execute_async(delete, key) for key in found]:
            future.result()

    def _write(self, table: Table, rows: list[Row]) -> None:
        columns = table.key + table.regular
        names = ", ".join(f'"{column.name}"' for column in columns)
        marks = ", ".join("?" for _ in columns)
        insert = self._prepare(f'INSERT INTO {self._keyspace}."{table.name}"({names}, "_live") VALUES({marks}, 0)')
        futures: list[Any] = []
        for _, home in groupby(rows, lambda row: [row[column.name] for column in table.partition]):
            cells = [[_stored(row[column.name]) for column in columns] for row in home]
            for start in range(0, len(cells), _BATCH):
                batch = BatchStatement(BatchType.UNLOGGED)
                for one in cells[start : start + _BATCH]:
                    batch.add(insert, one)
                futures.append(self._session.execute_async(batch))
        for future in futures:
            future.result()

    def _read(self, table: Table, partition: Values) -> list[Row]:
        columns = table.key + table.regular
        names = ", ".join(f'"{column.name}"' for column in columns)
        test = " AND ".join(f'"{name}" = ?' for name in partition)
        select = self._prepare(f'SELECT {names} FROM {self._keyspace}."{table.name}" WHERE {test}')
        found = self._session.execute(select, [_stored(value) for value in partition.values()])
        return [
            {column.name: _value(column, cell) for column, cell in zip(columns, cells, strict=True)} for cells in found
        ]

    def _prepare(self, text: str) -> Any:
        if text not in self._prepared:
            self._prepared[text] = self._session.prepare(text)
        return self._prepared[text]


def _stored(value: Value) -> str | bytes | int | float | None:
    if isinstance(value, datetime):
        return (value - _EPOCH) // timedelta(microseconds=1)
    return value


def _value(column: Column[Any], cell: Any) -> Value:
    if column.type is ColumnType.TIMESTAMP and cell is not None:
        return _EPOCH + timedelta(microseconds=cell)
    return cell
