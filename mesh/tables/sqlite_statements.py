"""The SQL of one table. Names come from checked declarations and are quoted; every value is a parameter.

A text is built once for each shape of call, which is the names in it: there are as many as ways to call in the code.
"""
# ruff: noqa: S608 (no value is ever part of a statement's text)

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import Any, Final, TypeAlias

from mesh.tables.checks import Cells, KeyValues
from mesh.tables.columns import Column, Row, Stored
from mesh.tables.compiled import compile_reader
from mesh.tables.ranges import TOKEN, KeyRange, Order
from mesh.tables.schema import Table
from mesh.tables.tokens import token_of

Statement: TypeAlias = tuple[str, tuple[Stored, ...]]
"""SQL text and its parameters."""

_LIVE: Final = "(_expires IS NULL OR _expires > ?)"


class Statements:
    """Builds the statements of a table. `now` and `expires` are microseconds since the epoch."""

    def __init__(self, table: Table) -> None:
        columns = table.key + table.regular
        self._table = table
        self._depth = len(table.partition)
        self._expiring = table.expiring
        self._name = _quoted(table.name)
        self._static_name = _quoted(f"{table.name}__static")
        self._read = ", ".join(_names(columns))
        self._key = " AND ".join(f"{name} = ?" for name in [TOKEN, *_names(table.key)])
        self._partition = " AND ".join(f"{name} = ?" for name in _names(table.partition))
        self._row = compile_reader(columns)
        self._static_row = compile_reader(table.statics)
        self._home_row = compile_reader(table.partition + table.statics)
        self._test_text = cache(self._build_test)
        self._select = f"SELECT {self._read} FROM {self._name} WHERE {self._test_text(())}"
        self._insert_text = cache(self._build_insert)
        self._put_text = cache(self._build_put)
        self._insert_new_text = cache(self._build_insert_new)
        self._range_text = cache(self._build_range)
        self._update_text = cache(self._build_update)

    def row(self, cells: tuple[Stored, ...]) -> Row:
        """A row that `select` or `select_range` gave."""
        return self._row(cells)

    def static_row(self, cells: tuple[Stored, ...] | None) -> Row:
        """The row that `select_static` gave."""
        return self._static_row((None,) * len(self._table.statics) if cells is None else cells)

    def select(self, key: KeyValues, now: int) -> Statement:
        """The row with this key."""
        return self._select, self._test_values(key, (), now)

    def select_range(self, part: KeyRange, order: Order, now: int, limit: int) -> Statement:
        """The rows of one range, in order."""
        text = self._range_text(
            tuple([name for name, _ in part.equal]),
            tuple([(bound.column, bound.operator) for bound in part.bounds]),
            order.names,
            order.descending,
        )
        values = [value for _, value in part.equal] + [bound.value for bound in part.bounds]
        if self._expiring:
            values.append(now)
        return text, (*values, limit)

    def select_static(self, partition: KeyValues) -> Statement:
        """The static columns of a partition."""
        names = ", ".join(_names(self._table.statics))
        return f"SELECT {names} FROM {self._static_name} WHERE {self._partition}", partition

    def select_expiry(self, key: KeyValues, now: int) -> Statement:
        """When the row with this key expires; of an expiring table."""
        test, values = self._exists(key, {}, now)
        return f"SELECT _expires FROM {self._name} WHERE {test}", values

    def walk_statics(self, after: KeyValues | None, limit: int) -> Statement:
        """Partitions with their static columns, after one of them."""
        key = ", ".join(_names(self._table.partition))
        names = ", ".join(_names(self._table.partition + self._table.statics))
        where = "" if after is None else f" WHERE ({key}) > ({_marks(len(after))})"
        return f"SELECT {names} FROM {self._static_name}{where} ORDER BY {key} LIMIT ?", (*(after or ()), limit)

    def home_row(self, cells: tuple[Stored, ...]) -> Row:
        """A row that `walk_statics` gave."""
        return self._home_row(cells)

    def exists(self, key: KeyValues, expect: Cells, now: int) -> Statement:
        """One row if the row is there and as expected."""
        test, values = self._exists(key, expect, now)
        return f"SELECT 1 FROM {self._name} WHERE {test}", values

    def static_is(self, partition: KeyValues, expect: Cells) -> Statement:
        """One row if the static columns are as expected; where nothing was written they are null."""
        found = f"SELECT 1 FROM {self._static_name} WHERE {self._partition}"
        values = (*partition, *expect.values())
        if any(value is not None for value in expect.values()):
            return " AND ".join([found, *(f"{_quoted(name)} IS ?" for name in expect)]), values
        differs = " OR ".join(f"{_quoted(name)} IS NOT ?" for name in expect)
        return f"SELECT 1 WHERE NOT EXISTS({found} AND ({differs}))", values

    def put_text(self, cells: tuple[str, ...]) -> str:
        """The text of `put` where these are the cells."""
        return self._put_text(cells)

    def insert_text(self, cells: tuple[str, ...]) -> str:
        """The text of `insert` where these are the cells."""
        return self._insert_new_text(cells)

    def put(self, key: KeyValues, cells: Cells, expires: int | None) -> Statement:
        """Write the given cells; in an expiring table replace the row."""
        return self._put_text(tuple(cells)), self._insert_values(key, cells, expires)

    def insert(self, key: KeyValues, cells: Cells, expires: int | None, now: int) -> Statement:
        """Write a row unless one is there; a row is affected exactly when it was written."""
        values = self._insert_values(key, cells, expires)
        return self._insert_new_text(tuple(cells)), (*values, now) if self._expiring else values

    def update(self, key: KeyValues, changes: Cells, expect: Cells, now: int) -> Statement:
        """Change cells of a row that is there and as expected; a row is affected exactly when it was."""
        values = self._test_values(key, expect.values(), now)
        return self._update_text(tuple(changes), tuple(expect)), (*changes.values(), *values)

    def update_static(self, partition: KeyValues, changes: Cells) -> Statement:
        """Write static cells."""
        names = [*_names(self._table.partition), *map(_quoted, changes)]
        conflict = ", ".join(_names(self._table.partition))
        return (
            f"INSERT INTO {self._static_name}({', '.join(names)}) VALUES({_marks(len(names))}) "
            f"ON CONFLICT({conflict}) {_overwrite(changes)}",
            (*partition, *changes.values()),
        )

    def delete(self, key: KeyValues, expect: Cells, now: int) -> Statement:
        """Remove a row that is there and as expected; a row is affected exactly when it was."""
        test, values = self._exists(key, expect, now)
        return f"DELETE FROM {self._name} WHERE {test}", values

    def delete_partition(self, partition: KeyValues) -> list[Statement]:
        """Remove a partition's rows and static columns."""
        token = token_of(partition)
        rows = f"DELETE FROM {self._name} WHERE {TOKEN} = ? AND {self._partition}"
        statements: list[Statement] = [(rows, (token, *partition))]
        if self._table.statics:
            statements.append((f"DELETE FROM {self._static_name} WHERE {self._partition}", partition))
        return statements

    def sweep(self, now: int, limit: int) -> Statement:
        """Remove some rows whose lifetime has passed."""
        key = ", ".join([TOKEN, *_names(self._table.key)])
        expired = f"SELECT {key} FROM {self._name} WHERE _expires <= ? LIMIT ?"
        return f"DELETE FROM {self._name} WHERE ({key}) IN ({expired})", (now, limit)

    def _exists(self, key: KeyValues, expect: Cells, now: int) -> Statement:
        return self._test_text(tuple(expect)), self._test_values(key, expect.values(), now)

    def _test_values(self, key: KeyValues, expect: Iterable[Stored], now: int) -> tuple[Stored, ...]:
        token = token_of(key[: self._depth])
        return (token, *key, *expect, now) if self._expiring else (token, *key, *expect)

    def _insert_values(self, key: KeyValues, cells: Cells, expires: int | None) -> tuple[Stored, ...]:
        token = token_of(key[: self._depth])
        return (token, *key, *cells.values(), expires) if self._expiring else (token, *key, *cells.values())

    def _build_test(self, expect: tuple[str, ...]) -> str:
        tests = [self._key, *(f"{_quoted(name)} IS ?" for name in expect)]
        return " AND ".join([*tests, _LIVE] if self._expiring else tests)

    def _build_insert(self, cells: tuple[str, ...]) -> str:
        names = [TOKEN, *_names(self._table.key), *map(_quoted, cells)]
        if self._expiring:
            names.append("_expires")
        return f"INSERT INTO {self._name}({', '.join(names)}) VALUES({_marks(len(names))})"

    def _build_put(self, cells: tuple[str, ...]) -> str:
        insert = self._insert_text(cells)
        if self._expiring:
            return insert.replace("INSERT", "INSERT OR REPLACE", 1)
        conflict = ", ".join([TOKEN, *_names(self._table.key)])
        return f"{insert} ON CONFLICT({conflict}) {_overwrite(cells)}"

    def _build_insert_new(self, cells: tuple[str, ...]) -> str:
        insert = self._insert_text(cells)
        if not self._expiring:
            return f"{insert} ON CONFLICT DO NOTHING"
        conflict = ", ".join([TOKEN, *_names(self._table.key)])
        columns = [*(column.name for column in self._table.regular), "_expires"]
        return f"{insert} ON CONFLICT({conflict}) {_overwrite(columns)} WHERE _expires <= ?"

    def _build_range(
        self,
        equal: tuple[str, ...],
        bounds: tuple[tuple[str, str], ...],
        names: tuple[str, ...],
        descending: tuple[bool, ...],
    ) -> str:
        tests = [f"{_quoted(name)} = ?" for name in equal]
        tests += [f"{_quoted(column)} {operator} ?" for column, operator in bounds]
        if self._expiring:
            tests.append(_LIVE)
        where = f" WHERE {' AND '.join(tests)}" if tests else ""
        by = ", ".join(
            f"{_quoted(name)} DESC" if down else _quoted(name) for name, down in zip(names, descending, strict=True)
        )
        ordered = f" ORDER BY {by}" if by else ""
        return f"SELECT {self._read} FROM {self._name}{where}{ordered} LIMIT ?"

    def _build_update(self, changes: tuple[str, ...], expect: tuple[str, ...]) -> str:
        changed = ", ".join(f"{_quoted(name)} = ?" for name in changes)
        return f"UPDATE {self._name} SET {changed} WHERE {self._test_text(expect)}"


def _quoted(name: str) -> str:
    return f'"{name}"'


def _names(columns: Iterable[Column[Any]]) -> list[str]:
    return [_quoted(column.name) for column in columns]


def _marks(count: int) -> str:
    return ", ".join("?" * count)


def _overwrite(names: Iterable[str]) -> str:
    changed = ", ".join(f"{_quoted(name)} = excluded.{_quoted(name)}" for name in names)
    return f"DO UPDATE SET {changed}" if changed else "DO NOTHING"
