"""Whole rows on their way to SQLite: checked, and turned into the parameters of their statement, in one go.

This is `row_of` and `Statements.put` for what nearly all callers hand in, at half of their cost.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, TypeAlias

from mesh.tables.backpressure import bytes_in
from mesh.tables.checks import row_of
from mesh.tables.columns import Stored
from mesh.tables.compiled import Binder, compile_binder
from mesh.tables.operations import Values
from mesh.tables.schema import Table
from mesh.tables.sqlite_statements import Statements
from mesh.tables.tokens import token_of

RowWrite: TypeAlias = tuple[str, tuple[Stored, ...], int]
"""SQL text, its parameters, and about how many bytes they take."""

_SHAPES: Final = 1024
"""How many ways to name a table's columns are remembered: more than a programme's code has."""


@dataclass(frozen=True, slots=True)
class _Shape:
    """One way to name columns."""

    bind: Binder
    put: str
    insert: str


class Rows:
    """Writes of whole rows of one table. `now` and `expires` are microseconds since the epoch.

    Both methods raise InvalidRow.
    """

    def __init__(self, table: Table, statements: Statements) -> None:
        self._table = table
        self._statements = statements
        self._expiring = table.expiring
        self._shapes: dict[tuple[str, ...], _Shape | None] = {}

    def put(self, row: Values, expires: int | None) -> RowWrite:
        """See `Statements.put`."""
        names = tuple(row)
        shape = self._shapes[names] if names in self._shapes else self._shape(names)
        if shape and (bound := shape.bind(row)):
            values, size = bound
            return shape.put, (*values, expires) if self._expiring else values, size
        text, values = self._statements.put(*row_of(self._table, row), expires)
        return text, values, bytes_in(values)

    def insert(self, row: Values, expires: int | None, now: int) -> RowWrite:
        """See `Statements.insert`."""
        names = tuple(row)
        shape = self._shapes[names] if names in self._shapes else self._shape(names)
        if shape and (bound := shape.bind(row)):
            values, size = bound
            return shape.insert, (*values, expires, now) if self._expiring else values, size
        text, values = self._statements.insert(*row_of(self._table, row), expires, now)
        return text, values, bytes_in(values)

    def _shape(self, names: tuple[str, ...]) -> _Shape | None:
        table = self._table
        named = set(names)
        others = tuple(column for column in table.regular if column.name in named)
        shape = None
        if {column.name for column in table.key + others} == named:
            cells = tuple(column.name for column in others)
            bind = compile_binder(names, table.key, len(table.partition), others, token_of)
            shape = _Shape(bind, self._statements.put_text(cells), self._statements.insert_text(cells))
        if len(self._shapes) < _SHAPES:
            self._shapes[names] = shape
        return shape
