"""Pages of scans and walks. Rows past their life are still stored for a while: a page is filled around them."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import aclosing
from typing import TypeAlias

from mesh.tables.checks import KeyValues, key_of
from mesh.tables.columns import Row, Stored
from mesh.tables.cql_session import Cells as Answer
from mesh.tables.cql_session import CqlSession, Statement
from mesh.tables.cql_siblings import later_siblings
from mesh.tables.cql_statements import Statements
from mesh.tables.cursors import fingerprint, read_cursor, write_cursor
from mesh.tables.engine import Page, TokenRange
from mesh.tables.ranges import Bound, KeyRange, Order, cursor_after
from mesh.tables.schema import Table

Position: TypeAlias = tuple[KeyValues, KeyValues | None]
"""A place in a walk: a partition, and the clustering key of a row in it, or None for the partition's end."""


async def scan_page(
    session: CqlSession,
    statements: Statements,
    table: Table,
    order: Order,
    ranges_after: Callable[[bytes | None], list[KeyRange]],
    *,
    limit: int,
    cursor: bytes | None,
) -> Page:
    """A page of a partition; `ranges_after(cursor)` gives the ranges that follow a cursor."""
    kept: list[Row] = []
    while True:
        asked = limit + 1 - len(kept)
        answers: list[Answer] = []
        for part in ranges_after(cursor):
            answers += await session.read(statements.select_range(part, order, asked - len(answers)))
            if len(answers) == asked:
                break
        kept += _living(statements, answers)
        if len(kept) > limit:
            return Page(tuple(kept[:limit]), cursor_after(table, order, kept[limit - 1]))
        if len(answers) < asked:
            return Page(tuple(kept), None)
        cursor = cursor_after(table, order, statements.position(answers[-1]))


async def walk_page(
    session: CqlSession,
    statements: Statements,
    table: Table,
    *,
    within: TokenRange | None,
    limit: int,
    cursor: bytes | None,
) -> Page:
    """A page of a table in the order of its partitions' tokens. Raises InvalidCursor."""
    query = fingerprint("walk", table.name, [within.start, within.stop] if within else None)
    depth = len(table.partition)
    position: Position | None = None
    if cursor is not None:
        key = read_cursor(cursor, query, table.key)
        position = (key[:depth], key[depth:])
    kept: list[Row] = []
    while True:
        asked = limit + 1 - len(kept)
        answers: list[Answer] = []
        async with aclosing(_selects_after(session, statements, table, position, within)) as selects:
            async for select in selects:
                answers += await session.read(select(asked - len(answers)))
                if len(answers) == asked:
                    break
        kept += _living(statements, answers)
        if len(kept) > limit:
            return Page(tuple(kept[:limit]), write_cursor(query, _key(table, kept[limit - 1])))
        if len(answers) < asked:
            return Page(tuple(kept), None)
        last = answers[-1]
        # A partition that has only static values comes as a row without a clustering key.
        held = None if None in last[depth : len(table.key)] else tuple(last[depth : len(table.key)])
        position = (tuple(last[:depth]), held)


async def statics_page(
    session: CqlSession, statements: Statements, table: Table, *, limit: int, cursor: bytes | None
) -> Page:
    """A page of the partitions that have a static value, in the order of their tokens. Raises InvalidCursor."""
    query = fingerprint("statics", table.name)
    depth = len(table.partition)
    after = None if cursor is None else read_cursor(cursor, query, table.partition)
    answers: list[Answer] = []
    for sibling in [] if after is None else await later_siblings(session, statements, after):
        if len(answers) <= limit:
            answers += await session.read(statements.select_static(sibling))
    if len(answers) <= limit:
        answers += await session.read(statements.walk_statics(after, limit + 1 - len(answers)))
    found = answers[:limit]
    rows = tuple(statements.home_row(cells) for cells in found if any(cell is not None for cell in cells[depth:]))
    return Page(rows, write_cursor(query, found[-1][:depth]) if len(answers) > limit else None)


async def _selects_after(
    session: CqlSession, statements: Statements, table: Table, position: Position | None, within: TokenRange | None
) -> AsyncGenerator[Callable[[int], Statement]]:
    stop = within.stop if within else None
    if position is None:
        start = within.start if within else None
        yield lambda limit: statements.select_walk(start, stop, limit)
        return
    partition, clustering = position
    order = Order(tuple(column.name for column in table.clustering), table.clustering, table.descending, b"")
    for part in _rest_of(table, order, partition, clustering or ()):
        yield lambda limit, part=part: statements.select_range(part, order, limit)
    for sibling in await later_siblings(session, statements, partition):
        whole = KeyRange(_named(table, sibling), ())
        yield lambda limit, whole=whole: statements.select_range(whole, order, limit)
    yield lambda limit: statements.select_walk(partition, stop, limit)


def _rest_of(table: Table, order: Order, partition: KeyValues, clustering: KeyValues) -> Generator[KeyRange]:
    for depth in reversed(range(len(clustering))):
        fixed = tuple(zip(order.names[:depth], clustering[:depth], strict=True))
        beyond = Bound(order.names[depth], "<" if order.descending[depth] else ">", clustering[depth])
        yield KeyRange((*_named(table, partition), *fixed), (beyond,))


def _named(table: Table, partition: KeyValues) -> tuple[tuple[str, Stored], ...]:
    return tuple((column.name, value) for column, value in zip(table.partition, partition, strict=True))


def _living(statements: Statements, answers: list[Answer]) -> list[Row]:
    now = time.time_ns() // 1000
    return [row for cells in answers if (row := statements.row(cells, now)) is not None]


def _key(table: Table, row: Row) -> KeyValues:
    return key_of(table, {column.name: row[column.name] for column in table.key})
