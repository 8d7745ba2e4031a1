"""An atomic commit on one partition, as SQLite statements: conditions first, then writes."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, field

from mesh.tables.checks import (
    changes_of,
    check_operations,
    expected_of,
    expiry_of,
    key_of,
    partition_of,
    row_of,
    within_partition,
)
from mesh.tables.operations import Check, Delete, Insert, Operation, Put, Update, UpdateStatic, Values
from mesh.tables.schema import Table
from mesh.tables.sqlite_statements import Statement, Statements


@dataclass(frozen=True, slots=True)
class Commit:
    """Everything `run` needs, checked beforehand: no half-checked commit reaches the writer."""

    found: list[Statement] = field(default_factory=list[Statement])
    missing: list[Statement] = field(default_factory=list[Statement])
    writes: list[Statement] = field(default_factory=list[Statement])

    def run(self, connection: sqlite3.Connection) -> bool:
        """Apply the writes if every statement of `found` gives a row and none of `missing` does."""
        if any(connection.execute(*test).fetchone() is None for test in self.found):
            return False
        if any(connection.execute(*test).fetchone() is not None for test in self.missing):
            return False
        for write in self.writes:
            connection.execute(*write)
        return True


def build_commit(
    table: Table, statements: Statements, partition: Values, operations: Sequence[Operation], now: int
) -> Commit:
    """Check a commit's operations and turn them into statements. Raises InvalidRow, InvalidQuery."""
    home = partition_of(table, partition)
    check_operations(table, partition, operations)
    commit = Commit()
    for operation in operations:
        match operation:
            case Insert(row, ttl) | Put(row, ttl):
                key, cells = row_of(table, within_partition(table, partition, row))
                if isinstance(operation, Insert):
                    commit.missing.append(statements.exists(key, {}, now))
                commit.writes.append(statements.put(key, cells, expiry_of(table, ttl, now)))
            case UpdateStatic(changes, expect):
                if expected := expected_of(table, expect, table.statics):
                    commit.found.append(statements.static_is(home, expected))
                cells = changes_of(table, changes, table.statics)
                commit.writes.append(statements.update_static(home, cells))
            case Update(row, _, expect) | Delete(row, expect) | Check(row, expect):
                key = key_of(table, within_partition(table, partition, row))
                if expect is not None:
                    expected = expected_of(table, expect, table.regular)
                    commit.found.append(statements.exists(key, expected, now))
                if isinstance(operation, Update):
                    cells = changes_of(table, operation.changes, table.regular)
                    commit.writes.append(statements.update(key, cells, {}, now))
                elif isinstance(operation, Delete):
                    commit.writes.append(statements.delete(key, {}, now))
    return commit
