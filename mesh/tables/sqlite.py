"""The SQLite engine: one file, one process, one writing thread with group commit, a few reading threads."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import Awaitable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import NoReturn

from mesh.tables.backpressure import bytes_in
from mesh.tables.checks import (
    Cells,
    changes_of,
    check_limit,
    expected_of,
    expiry_of,
    key_of,
    partition_of,
)
from mesh.tables.columns import Row, Value, time_of
from mesh.tables.cursors import fingerprint, read_cursor, write_cursor
from mesh.tables.engine import Page, TokenRange, Where
from mesh.tables.errors import InvalidQuery
from mesh.tables.filtering import scan_filtered
from mesh.tables.operations import Operation, Values
from mesh.tables.plans import Planner, expansion
from mesh.tables.ranges import (
    TOKEN,
    KeyRange,
    Order,
    cursor_after,
    scan_order,
    scan_ranges,
    walk_cursor_after,
    walk_order,
    walk_ranges,
)
from mesh.tables.schema import Schema, Table
from mesh.tables.sqlite_commits import build_commit
from mesh.tables.sqlite_lock import FileLock
from mesh.tables.sqlite_opening import change_file
from mesh.tables.sqlite_readers import Readers
from mesh.tables.sqlite_rows import Rows
from mesh.tables.sqlite_statements import Statement, Statements
from mesh.tables.sqlite_sweeper import Sweeper
from mesh.tables.sqlite_writer import Writer
from mesh.tables.tokens import split_tokens, token_of


class SqliteTables:
    """`Tables` on a SQLite file. Made with `open`; belongs to the event loop that opened it."""

    def __init__(
        self, schema: Schema, lock: FileLock, writer: Writer, readers: Readers, sweep_every: timedelta
    ) -> None:
        self._schema = schema
        self._lock = lock
        self._writer = writer
        self._readers = readers
        self._statements = {table: Statements(table) for table in schema.active}
        self._rows = {table: Rows(table, statements) for table, statements in self._statements.items()}
        expiring = [statements for table, statements in self._statements.items() if table.expiring]
        self._sweeper = Sweeper(writer, expiring, sweep_every)

    @classmethod
    async def open(
        cls,
        path: str | Path,
        schema: Schema,
        *,
        planner: Planner = expansion,
        sweep_every: timedelta = timedelta(seconds=30),
    ) -> SqliteTables:
        """Lock and open the file, having done what is planned.

        Rows whose lifetime has passed are removed every `sweep_every`; they are invisible before that.
        Raises AlreadyOpen, Unavailable, and what `change_file` does.
        """
        path = Path(path)
        lock, connection, _ = await asyncio.to_thread(change_file, path, schema, planner)
        return cls(schema, lock, Writer(connection), Readers(path), sweep_every)

    @property
    def schema(self) -> Schema:
        """See Tables; so for every method here."""
        return self._schema

    async def get(self, table: Table, key: Values) -> Row | None:
        statements = self._of(table)
        text, values = statements.select(key_of(table, key), _now())

        def read(connection: sqlite3.Connection) -> Row | None:
            cells = connection.execute(text, values).fetchone()
            return None if cells is None else statements.row(cells)

        return await self._readers.submit(read, single=True)

    async def get_many(self, table: Table, keys: Sequence[Values]) -> list[Row | None]:
        statements = self._of(table)
        if not keys:
            return []
        check_limit(len(keys))
        now = _now()
        selects = [statements.select(key_of(table, key), now) for key in keys]

        def read(connection: sqlite3.Connection) -> list[Row | None]:
            found = [connection.execute(*select).fetchone() for select in selects]
            return [None if cells is None else statements.row(cells) for cells in found]

        return await self._readers.submit(read, single=len(selects) == 1)

    async def put(self, table: Table, row: Values, *, ttl: timedelta | None = None, durable: bool = True) -> None:
        rows = self._rows.get(table) or self._unknown(table)
        expires = None if ttl is None and not table.expiring else expiry_of(table, ttl, _now())
        await self._writer.put(*rows.put(row, expires), durable)

    async def insert(self, table: Table, row: Values, *, ttl: timedelta | None = None) -> bool:
        rows = self._rows.get(table) or self._unknown(table)
        now = _now()
        return await self._writer.execute(*rows.insert(row, expiry_of(table, ttl, now), now)) == 1

    async def update(self, table: Table, key: Values, changes: Values, *, expect: Values) -> bool:
        statements = self._of(table)
        update = statements.update(
            key_of(table, key),
            changes_of(table, changes, table.regular),
            expected_of(table, expect, table.regular),
            _now(),
        )
        return await self._execute(update) == 1

    async def commit(self, table: Table, partition: Values, *operations: Operation) -> bool:
        commit = build_commit(table, self._of(table), partition, operations, _now())
        size = sum(bytes_in(values) for _, values in commit.writes)
        return await self._writer.submit(commit.run, size=size)

    async def delete(self, table: Table, key: Values, *, expect: Values | None = None) -> bool:
        statements = self._of(table)
        expected: Cells = {} if expect is None else expected_of(table, expect, table.regular)
        removed = await self._execute(statements.delete(key_of(table, key), expected, _now()))
        return expect is None or removed == 1

    async def delete_partition(self, table: Table, partition: Values) -> None:
        deletes = self._of(table).delete_partition(partition_of(table, partition))

        def write(connection: sqlite3.Connection) -> None:
            for delete in deletes:
                connection.execute(*delete)

        await self._writer.submit(write)

    async def get_static(self, table: Table, partition: Values) -> Row:
        statements = self._of(table)
        home = partition_of(table, partition)
        if not table.statics:
            raise InvalidQuery(f"{table.name} has no static columns")
        select = statements.select_static(home)
        return await self._readers.submit(
            lambda connection: statements.static_row(connection.execute(*select).fetchone()), single=True
        )

    async def scan(
        self,
        table: Table,
        partition: Values,
        *,
        prefix: Values | None = None,
        start: Value = None,
        stop: Value = None,
        reverse: bool = False,
        limit: int,
        cursor: bytes | None = None,
    ) -> Page:
        self._of(table)
        check_limit(limit)
        order = scan_order(table, partition, prefix, reverse)
        token = (TOKEN, token_of(partition_of(table, partition)))
        ranges = [
            replace(part, equal=(token, *part.equal))
            for part in scan_ranges(table, partition, order, prefix=prefix, start=start, stop=stop, cursor=cursor)
        ]
        rows = await self._found(table, ranges, order, limit + 1)
        if len(rows) <= limit:
            return Page(tuple(rows), None)
        return Page(tuple(rows[:limit]), cursor_after(table, order, rows[limit - 1]))

    async def scan_filtered(
        self,
        table: Table,
        partition: Values,
        *,
        where: Where,
        examine_limit: int,
        prefix: Values | None = None,
        start: Value = None,
        stop: Value = None,
        reverse: bool = False,
        limit: int,
        cursor: bytes | None = None,
    ) -> Page:
        return await scan_filtered(
            self,
            table,
            partition,
            where=where,
            examine_limit=examine_limit,
            prefix=prefix,
            start=start,
            stop=stop,
            reverse=reverse,
            limit=limit,
            cursor=cursor,
        )

    async def walk(
        self, table: Table, *, limit: int, cursor: bytes | None = None, within: TokenRange | None = None
    ) -> Page:
        self._of(table)
        check_limit(limit)
        order = walk_order(table, within)
        rows = await self._found(table, walk_ranges(within, order, cursor), order, limit + 1)
        if len(rows) <= limit:
            return Page(tuple(rows), None)
        return Page(tuple(rows[:limit]), walk_cursor_after(table, order, rows[limit - 1]))

    def token_ranges(self, shares: int) -> list[TokenRange]:
        return split_tokens(shares)

    async def expiries(self, table: Table, keys: Sequence[Values]) -> list[datetime | None]:
        statements = self._of(table)
        if not table.expiring or not keys:
            return [None] * len(keys)
        check_limit(len(keys))
        selects = [statements.select_expiry(key_of(table, key), _now()) for key in keys]

        def read(connection: sqlite3.Connection) -> list[datetime | None]:
            found = [connection.execute(*select).fetchone() for select in selects]
            return [None if cells is None or cells[0] is None else time_of(cells[0]) for cells in found]

        return await self._readers.submit(read)

    async def walk_statics(self, table: Table, *, limit: int, cursor: bytes | None = None) -> Page:
        statements = self._of(table)
        check_limit(limit)
        if not table.statics:
            raise InvalidQuery(f"{table.name} has no static columns")
        query = fingerprint("statics", table.name)
        after = None if cursor is None else read_cursor(cursor, query, table.partition)
        select = statements.walk_statics(after, limit + 1)
        found = await self._readers.submit(lambda connection: connection.execute(*select).fetchall(), single=True)
        depth = len(table.partition)
        rows = (statements.home_row(c) for c in found[:limit] if any(cell is not None for cell in c[depth:]))
        return Page(tuple(rows), write_cursor(query, found[limit - 1][:depth]) if len(found) > limit else None)

    async def close(self) -> None:
        await self._sweeper.close()
        await self._writer.close()
        await self._readers.close()
        self._lock.release()

    def _of(self, table: Table) -> Statements:
        return self._statements.get(table) or self._unknown(table)

    def _unknown(self, table: Table) -> NoReturn:
        raise InvalidQuery(f"table {table.name} is not one of schema {self._schema.name}")

    def _execute(self, statement: Statement) -> Awaitable[int]:
        text, values = statement
        return self._writer.execute(text, values, bytes_in(values))

    async def _found(self, table: Table, ranges: list[KeyRange], order: Order, limit: int) -> list[Row]:
        statements = self._of(table)
        now = _now()

        def read(connection: sqlite3.Connection) -> list[Row]:
            rows: list[Row] = []
            for part in ranges:
                select = statements.select_range(part, order, now, limit - len(rows))
                rows += map(statements.row, connection.execute(*select).fetchall())
                if len(rows) == limit:
                    break
            return rows

        return await self._readers.submit(read, single=len(ranges) == 1)


def _now() -> int:
    return time.time_ns() // 1000
