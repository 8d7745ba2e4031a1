"""An atomic commit on one partition, as one conditional batch.

In a table whose rows expire a decision names the `_live` that it has read, since whether that has passed is for the
client's clock to say; and a cell is written with what is left of its row's life.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from mesh.tables.checks import (
    Cells,
    KeyValues,
    changes_of,
    check_operations,
    expected_of,
    expiry_of,
    key_of,
    partition_of,
    row_of,
    within_partition,
)
from mesh.tables.columns import Stored
from mesh.tables.cql_session import Statement
from mesh.tables.cql_statements import FOR_EVER, LIVE, VOID, Statements
from mesh.tables.operations import Check, Delete, Insert, Operation, Put, Update, UpdateStatic, Values
from mesh.tables.schema import Table


@dataclass(frozen=True, slots=True)
class RowChange:
    """One row's part in a decision."""

    key: KeyValues
    exists: bool | None
    """Whether the row must exist; None where that does not matter."""
    expect: Cells = field(default_factory=dict[str, Stored])
    """Cells that it must have besides."""
    cells: Cells = field(default_factory=dict[str, Stored])
    """Cells to write."""
    live: int | None = None
    """Until when the written row lives; None leaves its life as it is."""
    removed: bool = False

    def statement(self, statements: Statements, held: Stored, now: int, tests: Cells) -> Statement:
        """The change as a statement, `held` being the `_live` that the row must have where `exists` is not None."""
        if self.exists is not None:
            tests = {LIVE: held, **self.expect, **tests}
        if self.removed:
            return statements.delete(self.key, tests)
        if self.live is not None:
            return statements.write(self.key, self.cells, self.live, now, tests)
        # A check writes what is there, since CQL has no condition without a write.
        life = int(held or FOR_EVER)
        return statements.update(self.key, self.cells or {LIVE: held}, life, now, tests)


@dataclass(frozen=True, slots=True)
class StaticChange:
    """The static columns' part in a decision."""

    partition: KeyValues
    cells: Cells
    expect: Cells


@dataclass(frozen=True, slots=True)
class Decision:
    """Changes of one partition that are applied together or not at all."""

    partition: KeyValues
    rows: tuple[RowChange, ...]
    static: StaticChange | None = None

    @property
    def judged(self) -> list[RowChange]:
        """The changes that ask whether their row exists."""
        return [row for row in self.rows if row.exists is not None]

    def statements(self, statements: Statements, held: Mapping[KeyValues, Stored], now: int) -> list[Statement]:
        """The batch, given the `_live` of each judged row."""
        conditional = bool(self.judged) or bool(self.static and self.static.expect)
        always: Cells = {} if conditional else {VOID: None}
        built: list[Statement] = []
        if self.static is not None:
            tests = {**self.static.expect, **always}
            built.append(statements.update_static(self.static.partition, self.static.cells, tests))
            always = {}
        for row in self.rows:
            built.append(row.statement(statements, held.get(row.key), now, always))
            always = {}
        return built


def decide_rows(table: Table, *rows: RowChange) -> Decision:
    """A decision on rows of one partition."""
    return Decision(rows[0].key[: len(table.partition)], rows)


def build_decision(table: Table, partition: Values, operations: Sequence[Operation], now: int) -> Decision:
    """Check a commit's operations and turn them into changes. Raises InvalidRow, InvalidQuery."""
    home = partition_of(table, partition)
    check_operations(table, partition, operations)
    rows: list[RowChange] = []
    static: StaticChange | None = None
    for operation in operations:
        match operation:
            case UpdateStatic(changes, expect):
                cells = changes_of(table, changes, table.statics)
                static = StaticChange(home, cells, expected_of(table, expect, table.statics))
            case Insert(row):
                rows.append(insertion(table, within_partition(table, partition, row), operation, now))
            case Put(row):
                rows.append(insertion(table, within_partition(table, partition, row), operation, now))
            case Update() | Delete() | Check():
                rows.append(_change(table, partition, operation))
    return Decision(home, tuple(rows), static)


def insertion(table: Table, row: Values, operation: Insert | Put, now: int) -> RowChange:
    """What writes a row, an Insert only where there is none."""
    key, cells = row_of(table, row)
    live = expiry_of(table, operation.ttl, now)
    return RowChange(
        key,
        exists=False if isinstance(operation, Insert) else None,
        cells=cells,
        live=FOR_EVER if live is None else live,
    )


def _change(table: Table, partition: Values, operation: Update | Delete | Check) -> RowChange:
    key = key_of(table, within_partition(table, partition, operation.key))
    expect = operation.expect
    expected = {} if expect is None else expected_of(table, expect, table.regular)
    cells = changes_of(table, operation.changes, table.regular) if isinstance(operation, Update) else {}
    return RowChange(
        key,
        exists=None if expect is None else True,
        expect=expected,
        cells=cells,
        removed=isinstance(operation, Delete),
    )
