"""What callers hand in, checked against the declaration and turned into stored form. Shared by all engines.

For each way in which the code names columns an encoder is compiled once. What does not go through it is judged column
by column, which finds the words for what is wrong.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta
from functools import lru_cache
from typing import Any, Final, TypeAlias

from mesh.tables.columns import MAX_KEY_BYTES, Column, Stored
from mesh.tables.compiled import Encoder, compile_encoder
from mesh.tables.engine import MAX_LIMIT, MAX_OPERATIONS
from mesh.tables.errors import InvalidQuery, InvalidRow
from mesh.tables.operations import Check, Delete, Insert, Operation, Put, Update, UpdateStatic, Values
from mesh.tables.schema import MAX_LIFETIME, Table

Cells: TypeAlias = dict[str, Stored]
"""Column name → stored value, in the order of the declaration."""

KeyValues: TypeAlias = tuple[Stored, ...]
"""The stored values of a key's columns, in the key's order; none of them null."""

_SHAPES: Final = 4096
"""How many ways to name columns are remembered: more than a programme's code has."""


def key_of(table: Table, key: Values) -> KeyValues:
    """A whole key. Raises InvalidRow unless exactly the key's columns are named and none is null."""
    if (encode := _key_encoder(table, tuple(key))) and (stored := encode(key)):
        return stored[0]
    _only(table, key, table.key, "the key")
    return _key_values(table, table.key, key)


def partition_of(table: Table, partition: Values) -> KeyValues:
    """A partition key. Raises InvalidRow unless exactly its columns are named and none is null."""
    if (encode := _partition_encoder(table, tuple(partition))) and (stored := encode(partition)):
        return stored[0]
    _only(table, partition, table.partition, "the partition key")
    return _key_values(table, table.partition, partition)


def row_of(table: Table, row: Values) -> tuple[KeyValues, Cells]:
    """A row to write: its key, and the regular columns it names."""
    if (encode := _row_encoder(table, tuple(row))) and (stored := encode(row)):
        return stored
    _only(table, row, table.key + table.regular, "a row")
    return _key_values(table, table.key, row), _cells(table, table.regular, row)


def changes_of(table: Table, changes: Values, columns: tuple[Column[Any], ...]) -> Cells:
    """New values of some of `columns`; at least one."""
    if not changes:
        raise InvalidRow(f"{table.name}: there is nothing to change")
    return _values_of(table, changes, columns, "a change")


def expected_of(table: Table, expect: Values, columns: tuple[Column[Any], ...]) -> Cells:
    """Values that some of `columns` must have."""
    return _values_of(table, expect, columns, "an expectation")


def lifetime_of(table: Table, ttl: timedelta | None) -> timedelta | None:
    """How long a row written with `ttl` lives, None for ever."""
    if ttl is None:
        return table.default_ttl
    if not table.expiring:
        raise InvalidRow(f"{table.name} is not declared as expiring, so its rows have no time to live")
    if not timedelta(0) < ttl <= MAX_LIFETIME:
        raise InvalidRow(f"{table.name}: a time to live of {ttl} is outside of 0 to {MAX_LIFETIME}")
    return ttl


def expiry_of(table: Table, ttl: timedelta | None, now: int) -> int | None:
    """When a row written with `ttl` at `now` expires, both in microseconds since the epoch; None for never."""
    if ttl is None and not table.expiring:
        return None
    lifetime = lifetime_of(table, ttl)
    return None if lifetime is None else now + lifetime // timedelta(microseconds=1)


def check_limit(limit: int, most: int = MAX_LIMIT) -> None:
    """Raise InvalidQuery for a page size that no engine should be asked for."""
    if not 1 <= limit <= most:
        raise InvalidQuery(f"a limit of {limit} is outside of 1 to {most}")


def within_partition(table: Table, partition: Values, values: Values) -> Values:
    """`values` of a commit's row or key with the partition's columns filled in; InvalidRow if they differ."""
    for column in table.partition:
        if column.name in values and values[column.name] != partition.get(column.name):
            raise InvalidRow(f"{table.name}.{column.name} differs from the commit's partition")
    return {**values, **partition}


def check_operations(table: Table, partition: Values, operations: Sequence[Operation]) -> None:
    """Raise InvalidQuery for a number of operations out of bounds, or two on one row or on the statics."""
    if not 1 <= len(operations) <= MAX_OPERATIONS:
        raise InvalidQuery(f"{len(operations)} operations in a commit, outside of 1 to {MAX_OPERATIONS}")
    targets: set[KeyValues | None] = set()
    for operation in operations:
        target = _target(table, partition, operation)
        if target in targets:
            raise InvalidQuery(f"{table.name}: two operations of one commit on the same row")
        targets.add(target)


def _target(table: Table, partition: Values, operation: Operation) -> KeyValues | None:
    match operation:
        case UpdateStatic():
            if not table.statics:
                raise InvalidRow(f"{table.name} has no static columns")
            return None
        case Insert(row) | Put(row):
            return _key_values(table, table.key, within_partition(table, partition, row))
        case Update(key) | Delete(key) | Check(key):
            return key_of(table, within_partition(table, partition, key))


def _key_values(table: Table, columns: tuple[Column[Any], ...], values: Values) -> KeyValues:
    stored = [column.encode(values.get(column.name), table.name, MAX_KEY_BYTES) for column in columns]
    for column, value in zip(columns, stored, strict=True):
        if value is None:
            raise InvalidRow(f"{table.name}.{column.name} is part of the key and has no value")
        if value in ("", b"") and column in table.partition:
            # CQL refuses an empty partition key.
            raise InvalidRow(f"{table.name}.{column.name} is part of the partition key and is empty")
    return tuple(stored)


def _values_of(table: Table, values: Values, columns: tuple[Column[Any], ...], what: str) -> Cells:
    if columns is table.regular and (encode := _regular_encoder(table, tuple(values))) and (stored := encode(values)):
        return stored[1]
    _only(table, values, columns, what)
    return _cells(table, columns, values)


def _cells(table: Table, columns: tuple[Column[Any], ...], values: Values) -> Cells:
    return {column.name: column.encode(values[column.name], table.name) for column in columns if column.name in values}


def _only(table: Table, values: Values, columns: Iterable[Column[Any]], what: str) -> None:
    if strange := values.keys() - {column.name for column in columns}:
        raise InvalidRow(f"{table.name}: {what} does not have {', '.join(sorted(strange))}")


@lru_cache(_SHAPES)
def _key_encoder(table: Table, names: tuple[str, ...]) -> Encoder | None:
    return _encoder(table, table.key, (), names)


@lru_cache(_SHAPES)
def _partition_encoder(table: Table, names: tuple[str, ...]) -> Encoder | None:
    return _encoder(table, table.partition, (), names)


@lru_cache(_SHAPES)
def _row_encoder(table: Table, names: tuple[str, ...]) -> Encoder | None:
    return _encoder(table, table.key, table.regular, names)


@lru_cache(_SHAPES)
def _regular_encoder(table: Table, names: tuple[str, ...]) -> Encoder | None:
    return _encoder(table, (), table.regular, names)


def _encoder(
    table: Table, key: tuple[Column[Any], ...], others: tuple[Column[Any], ...], names: tuple[str, ...]
) -> Encoder | None:
    others = tuple(column for column in others if column.name in names)
    if {column.name for column in key + others} != set(names):
        return None
    return compile_encoder(names, key, len(table.partition), others)
