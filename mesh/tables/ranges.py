"""Scans and walks as a few contiguous key ranges, which every engine can serve with one index search each.

To go on after the position (a, b, c) in an order of three columns is to read, one after another:
`x = a and y = b and z > c`, then `x = a and y > b`, then `x > a`, each `>` turned round for a descending
column. That is right for mixed directions too, where comparing tuples is not possible in either engine.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from mesh.tables.checks import key_of, partition_of
from mesh.tables.columns import MAX_KEY_BYTES, Column, Row, Stored, Value, integer
from mesh.tables.cursors import fingerprint, read_cursor, write_cursor
from mesh.tables.engine import TokenRange
from mesh.tables.errors import InvalidQuery
from mesh.tables.operations import Values
from mesh.tables.schema import Table
from mesh.tables.tokens import token_of

TOKEN: Final = "_token"  # noqa: S105 (a place in the ring, no secret)
"""The name that stands for a partition's token in the ranges of a walk."""


@dataclass(frozen=True, slots=True)
class Bound:
    """`column operator value`, the operator being one of <, <=, >, >=."""

    column: str
    operator: str
    value: Stored


@dataclass(frozen=True, slots=True)
class KeyRange:
    """The rows with these leading key columns equal, and the next one within bounds."""

    equal: tuple[tuple[str, Stored], ...]
    bounds: tuple[Bound, ...]


@dataclass(frozen=True, slots=True)
class Order:
    """The columns a query walks along, with the direction of each, and what identifies the query."""

    names: tuple[str, ...]
    columns: tuple[Column[Any], ...]
    descending: tuple[bool, ...]
    query: bytes


def scan_order(table: Table, partition: Values, prefix: Values | None, reverse: bool) -> Order:
    """How a scan goes through a partition. Raises InvalidRow, InvalidQuery."""
    fixed = [*partition_of(table, partition), *prefix_of(table, prefix)]
    return Order(
        tuple(column.name for column in table.clustering),
        table.clustering,
        tuple(descending != reverse for descending in table.descending),
        fingerprint("scan", table.name, fixed, reverse),
    )


def cursor_after(table: Table, order: Order, row: Row) -> bytes:
    """The cursor of a scan that goes on after `row`."""
    key = key_of(table, {column.name: row[column.name] for column in table.key})
    return write_cursor(order.query, key[len(table.partition) :])


def scan_ranges(
    table: Table,
    partition: Values,
    order: Order,
    *,
    prefix: Values | None,
    start: Value,
    stop: Value,
    cursor: bytes | None,
) -> list[KeyRange]:
    """The ranges of a scan, in reading order. Raises InvalidRow, InvalidQuery, InvalidCursor."""
    fixed = list(zip(table.partition, partition_of(table, partition), strict=True))
    fixed += zip(table.clustering, prefix_of(table, prefix), strict=False)
    depth = len(fixed) - len(table.partition)
    bounds = _bounds(table, depth, start, stop)
    position = None if cursor is None else read_cursor(cursor, order.query, table.clustering)
    return _ranges(
        [(column.name, value) for column, value in fixed],
        order.names[depth:],
        order.descending[depth:],
        bounds,
        None if position is None else position[depth:],
    )


def walk_order(table: Table, within: TokenRange | None) -> Order:
    """How a walk goes through a table."""
    share = [within.start, within.stop] if within else None
    return Order(
        (TOKEN, *(column.name for column in table.key)),
        (integer("token"), *table.key),
        (False,) * (1 + len(table.partition)) + table.descending,
        fingerprint("walk", table.name, share),
    )


def walk_cursor_after(table: Table, order: Order, row: Row) -> bytes:
    """The cursor of a walk that goes on after `row`."""
    key = key_of(table, {column.name: row[column.name] for column in table.key})
    return write_cursor(order.query, (token_of(key[: len(table.partition)]), *key))


def walk_ranges(within: TokenRange | None, order: Order, cursor: bytes | None) -> list[KeyRange]:
    """The ranges of a walk, in reading order; its leading column is TOKEN. Raises InvalidCursor."""
    bounds = (Bound(TOKEN, ">", within.start), Bound(TOKEN, "<=", within.stop)) if within else ()
    position = None if cursor is None else read_cursor(cursor, order.query, order.columns)
    return _ranges([], order.names, order.descending, bounds, position)


def prefix_of(table: Table, prefix: Values | None) -> tuple[Stored, ...]:
    """The stored values of leading clustering columns. Raises InvalidQuery where one is left out."""
    given = prefix or {}
    columns = table.clustering[: len(given)]
    if {column.name for column in columns} != given.keys():
        raise InvalidQuery(f"{table.name}: {', '.join(given)} are not the leading clustering columns")
    return tuple(_bound_value(table, column, given[column.name]) for column in columns)


def _bounds(table: Table, depth: int, start: Value, stop: Value) -> tuple[Bound, ...]:
    if start is None and stop is None:
        return ()
    if depth == len(table.clustering):
        raise InvalidQuery(f"{table.name}: no clustering column is left for start and stop")
    column = table.clustering[depth]
    bounds: list[Bound] = []
    if start is not None:
        bounds.append(Bound(column.name, ">=", _bound_value(table, column, start)))
    if stop is not None:
        bounds.append(Bound(column.name, "<", _bound_value(table, column, stop)))
    return tuple(bounds)


def _bound_value(table: Table, column: Column[Any], value: Value) -> Stored:
    stored = column.encode(value, table.name, MAX_KEY_BYTES)
    if stored is None:
        raise InvalidQuery(f"{table.name}.{column.name} is part of the key and is never null")
    return stored


def _ranges(
    fixed: list[tuple[str, Stored]],
    names: tuple[str, ...],
    descending: tuple[bool, ...],
    bounds: tuple[Bound, ...],
    position: tuple[Stored, ...] | None,
) -> list[KeyRange]:
    if position is None:
        return [KeyRange(tuple(fixed), bounds)]
    # The query's own bounds are about the first column. Where a range fixes that column they are judged
    # here: SQLite plans badly for a column with both, and CQL takes only one kind.
    inside = all(_holds(bound, position[0]) for bound in bounds)
    ranges: list[KeyRange] = []
    for depth in reversed(range(len(names))):
        beyond = Bound(names[depth], "<" if descending[depth] else ">", position[depth])
        if depth == 0:
            ranges.append(KeyRange(tuple(fixed), _tightest((*bounds, beyond))))
        elif inside:
            ranges.append(KeyRange((*fixed, *zip(names[:depth], position[:depth], strict=True)), (beyond,)))
    return ranges


def _holds(bound: Bound, value: Stored) -> bool:
    one, other = _ordered(value), _ordered(bound.value)
    match bound.operator:
        case "<":
            return one < other
        case "<=":
            return one <= other
        case ">":
            return one > other
        case _:
            return one >= other


def _tightest(bounds: tuple[Bound, ...]) -> tuple[Bound, ...]:
    """At most one lower and one upper bound, which is all that CQL takes for a column."""
    # Among equal values the strict operator, which is the shorter one, is the tighter bound.
    lower = [bound for bound in bounds if bound.operator[0] == ">"]
    lower.sort(key=lambda bound: (_ordered(bound.value), -len(bound.operator)))
    upper = [bound for bound in bounds if bound.operator[0] == "<"]
    upper.sort(key=lambda bound: (_ordered(bound.value), len(bound.operator)))
    return (*lower[-1:], *upper[:1])


def _ordered(value: Stored) -> Any:
    """A value that Python orders as the engines do: text by its UTF-8 bytes."""
    return value.encode() if isinstance(value, str) else value
