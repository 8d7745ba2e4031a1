"""The CQL of one table. Names come from checked declarations and are quoted; every value is a parameter.

Every row has a hidden column `_live`, which is what makes it exist: microseconds since the epoch after which it
counts as absent, 0 for never. It can be tested in one condition together with other columns, as IF EXISTS cannot, and
it is exact, as TTL is not: that has whole seconds and only removes, some time later, what is absent already.

`_void` is a hidden column that is never written: a condition that always holds, so that a commit without conditions
takes its place among those with some.
"""
# ruff: noqa: S608 (no value is ever part of a statement's text)

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from functools import cache
from typing import Any, Final

from mesh.tables.checks import Cells, KeyValues
from mesh.tables.columns import Column, Row, Stored
from mesh.tables.compiled import compile_reader
from mesh.tables.cql_session import Cells as Answer
from mesh.tables.cql_session import Statement
from mesh.tables.ranges import KeyRange, Order
from mesh.tables.schema import Table

LIVE: Final = "_live"
VOID: Final = "_void"
FOR_EVER: Final = 0

_SECOND: Final = 1_000_000
_KEPT_LONGER: Final = 60
"""Seconds from the end of a row's life to its removal: more than clocks differ."""
_MOST_SECONDS: Final = timedelta(days=5 * 365) // timedelta(seconds=1)
"""Lifetimes beyond this are left to `_live` alone: Cassandra 5 refuses to expire anything after 2038 by default."""


class Statements:
    """Builds the statements of a table. `live` and `now` are microseconds since the epoch."""

    def __init__(self, keyspace: str, table: Table) -> None:
        self._table = table
        self._name = f"{quoted(keyspace)}.{quoted(table.name)}"
        columns = table.key + table.regular
        self._read = ", ".join([*names_of(columns), quoted(LIVE)])
        self._row = compile_reader(columns)
        self._static_row = compile_reader(table.statics)
        self._home_row = compile_reader(table.partition + table.statics)
        self._key = _equal(column.name for column in table.key)
        self._partition = _equal(column.name for column in table.partition)
        self._token = f"token({', '.join(names_of(table.partition))})"
        self._update_text = cache(self._build_update)
        self._delete_text = cache(self._build_delete)
        self._range_text = cache(self._build_range)

    def row(self, cells: Answer, now: int) -> Row | None:
        """The row in an answer of `select…`, None where it does not exist or not any more."""
        return self.position(cells) if self.lives(cells[-1], now) else None

    def position(self, cells: Answer) -> Row:
        """What an answer of `select…` holds, whether or not it is a row that exists."""
        return self._row(cells)

    def lives(self, live: Stored, now: int) -> bool:
        """Whether a row with this `_live` exists."""
        return live is not None and (live == FOR_EVER or not self._table.expiring or int(live) > now)

    def select(self, key: KeyValues) -> Statement:
        """The row with this key."""
        return f"SELECT {self._read} FROM {self._name} WHERE {self._key}", key

    def select_live(self, key: KeyValues) -> Statement:
        """`_live` of the row with this key."""
        return f"SELECT {quoted(LIVE)} FROM {self._name} WHERE {self._key}", key

    def select_range(self, part: KeyRange, order: Order, limit: int) -> Statement:
        """The rows of one range of a partition, in order."""
        text = self._range_text(
            tuple(name for name, _ in part.equal),
            tuple((bound.column, bound.operator) for bound in part.bounds),
            order.names,
            order.descending,
        )
        values = [value for _, value in part.equal] + [bound.value for bound in part.bounds]
        return text, (*values, limit)

    def select_walk(self, after: KeyValues | int | None, last: int | None, limit: int) -> Statement:
        """Rows by token: after a partition or a token, up to the token `last`."""
        tests: list[str] = []
        values: list[Stored] = []
        if isinstance(after, tuple):
            tests.append(f"{self._token} > token({_marks(len(after))})")
            values += after
        elif after is not None:
            tests.append(f"{self._token} > ?")
            values.append(after)
        if last is not None:
            tests.append(f"{self._token} <= ?")
            values.append(last)
        where = f" WHERE {' AND '.join(tests)}" if tests else ""
        return f"SELECT {self._read} FROM {self._name}{where} LIMIT ?", (*values, limit)

    def select_siblings(self, partition: KeyValues) -> Statement:
        """The keys of all partitions with the token of this one."""
        names = ", ".join(names_of(self._table.partition))
        token = f"token({_marks(len(partition))})"
        return f"SELECT DISTINCT {names} FROM {self._name} WHERE {self._token} = {token}", partition

    def select_static(self, partition: KeyValues) -> Statement:
        """The static columns of a partition, after its key."""
        names = ", ".join(names_of(self._table.partition + self._table.statics))
        return f"SELECT DISTINCT {names} FROM {self._name} WHERE {self._partition}", partition

    def walk_statics(self, after: KeyValues | None, limit: int) -> Statement:
        """Partitions by token with their static columns, after one of them; also those without a static value."""
        names = ", ".join(names_of(self._table.partition + self._table.statics))
        where = "" if after is None else f" WHERE {self._token} > token({_marks(len(after))})"
        return f"SELECT DISTINCT {names} FROM {self._name}{where} LIMIT ?", (*(after or ()), limit)

    def home_row(self, cells: Answer) -> Row:
        """A row that `walk_statics` gave."""
        return self._home_row(cells)

    def static_row(self, rows: list[Answer]) -> Row:
        """The row in an answer of `select_static`."""
        cells = rows[0][len(self._table.partition) :] if rows else (None,) * len(self._table.statics)
        return self._static_row(cells)

    def write(self, key: KeyValues, cells: Cells, live: int, now: int, tests: Cells) -> Statement:
        """Write a row that lives until `live`; in an expiring table all of it, so that nothing older shows through."""
        if self._table.expiring:
            cells = {**{column.name: None for column in self._table.regular}, **cells}
        return self.update(key, {LIVE: live, **cells}, live, now, tests)

    def update(self, key: KeyValues, cells: Cells, live: int, now: int, tests: Cells) -> Statement:
        """Write cells of a row that lives until `live`, if the cells of `tests` are as given."""
        text = self._update_text(tuple(cells), tuple(tests))
        values = (*cells.values(), *key, *tests.values())
        return text, (_seconds(live, now), *values) if self._table.expiring else values

    def update_static(self, partition: KeyValues, cells: Cells, tests: Cells) -> Statement:
        """Write static cells, if those of `tests` are as given."""
        text = f"UPDATE {self._name} SET {_assigned(cells)} WHERE {self._partition}{_condition(tests)}"
        return text, (*cells.values(), *partition, *tests.values())

    def delete(self, key: KeyValues, tests: Cells) -> Statement:
        """Remove a row, if the cells of `tests` are as given."""
        return self._delete_text(tuple(tests)), (*key, *tests.values())

    def delete_partition(self, partition: KeyValues) -> Statement:
        """Remove a partition's rows and static columns."""
        return f"DELETE FROM {self._name} WHERE {self._partition}", partition

    def _build_update(self, cells: tuple[str, ...], tests: tuple[str, ...]) -> str:
        using = " USING TTL ?" if self._table.expiring else ""
        return f"UPDATE {self._name}{using} SET {_assigned(cells)} WHERE {self._key}{_condition(tests)}"

    def _build_delete(self, tests: tuple[str, ...]) -> str:
        return f"DELETE FROM {self._name} WHERE {self._key}{_condition(tests)}"

    def _build_range(
        self,
        equal: tuple[str, ...],
        bounds: tuple[tuple[str, str], ...],
        names: tuple[str, ...],
        descending: tuple[bool, ...],
    ) -> str:
        tests = " AND ".join([_equal(equal), *(f"{quoted(column)} {operator} ?" for column, operator in bounds)])
        by = ", ".join(
            f"{quoted(name)} {'DESC' if down else 'ASC'}" for name, down in zip(names, descending, strict=True)
        )
        ordered = f" ORDER BY {by}" if descending != self._table.descending else ""
        return f"SELECT {self._read} FROM {self._name} WHERE {tests}{ordered} LIMIT ?"


def quoted(name: str) -> str:
    """A name that is taken as it stands."""
    return f'"{name}"'


def names_of(columns: Iterable[Column[Any]]) -> list[str]:
    """The quoted names of some columns."""
    return [quoted(column.name) for column in columns]


def _equal(names: Iterable[str]) -> str:
    return " AND ".join(f"{quoted(name)} = ?" for name in names)


def _assigned(names: Iterable[str]) -> str:
    return ", ".join(f"{quoted(name)} = ?" for name in names)


def _condition(tests: Iterable[str]) -> str:
    text = _equal(tests)
    return f" IF {text}" if text else ""


def _marks(count: int) -> str:
    return ", ".join("?" * count)


def _seconds(live: int, now: int) -> int:
    if live == FOR_EVER:
        return 0
    seconds = max(-((now - live) // _SECOND), 0) + _KEPT_LONGER
    return seconds if seconds <= _MOST_SECONDS else 0
