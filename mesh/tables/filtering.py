"""`scan_filtered` on top of any engine's `scan`: no engine filters by itself, since CQL would read on and on."""

from __future__ import annotations

from collections.abc import Callable

from mesh.tables.checks import check_limit, expected_of
from mesh.tables.columns import Row, Value
from mesh.tables.engine import MAX_EXAMINED, Page, Tables, Where
from mesh.tables.operations import Values
from mesh.tables.ranges import cursor_after, scan_order
from mesh.tables.schema import Table

_CHUNK = 250


async def scan_filtered(
    tables: Tables,
    table: Table,
    partition: Values,
    *,
    where: Where,
    examine_limit: int,
    prefix: Values | None,
    start: Value,
    stop: Value,
    reverse: bool,
    limit: int,
    cursor: bytes | None,
) -> Page:
    """See `Tables.scan_filtered`, whose meaning this is."""
    check_limit(limit)
    check_limit(examine_limit, MAX_EXAMINED)
    order = scan_order(table, partition, prefix, reverse)
    keep = where if callable(where) else _equal_to(table, where)
    kept: list[Row] = []
    left = examine_limit
    while True:
        page = await tables.scan(
            table,
            partition,
            prefix=prefix,
            start=start,
            stop=stop,
            reverse=reverse,
            limit=min(_CHUNK, left),
            cursor=cursor,
        )
        for index, row in enumerate(page.rows):
            if not keep(row):
                continue
            kept.append(row)
            if len(kept) == limit:
                last = index == len(page.rows) - 1
                return Page(tuple(kept), page.cursor if last else cursor_after(table, order, row))
        left -= len(page.rows)
        cursor = page.cursor
        if cursor is None or left <= 0:
            return Page(tuple(kept), cursor)


def _equal_to(table: Table, where: Values) -> Callable[[Row], bool]:
    columns = {column.name: column for column in table.key + table.regular}
    stored = expected_of(table, where, tuple(columns.values()))
    wanted = {name: columns[name].decode(value) for name, value in stored.items()}
    return lambda row: all(row[name] == value for name, value in wanted.items())
