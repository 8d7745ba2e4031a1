"""A commit with events: the operation on the row that carries them, rewritten to append to its pending events."""

from __future__ import annotations

from collections.abc import Sequence

from mesh.bus.outbox.pending import PENDING_EVENTS
from mesh.tables import Check, Insert, InvalidQuery, Operation, Put, Row, Table, Update, UpdateStatic, Values


def find_carrier(table: Table, operations: Sequence[Operation], carrier: Values) -> Insert | Update:
    """The operation on the carrying row; one that only looks at it, or is not there, becomes an Update.

    Raises InvalidQuery for a Put or a Delete of that row: neither could keep its pending events.
    """
    found = [operation for operation in operations if _is_on(table, operation, carrier)]
    match found:
        case []:
            return Update(carrier, {})
        case [Insert() | Update() as change]:
            return change
        case [Check(key, expect)]:
            return Update(key, {}, expect)
        case _:
            raise InvalidQuery("the row that carries the events is put or deleted by the same commit")


def with_pending(
    table: Table, operations: Sequence[Operation], carrier: Values, known: bytes | None, content: bytes | None
) -> list[Operation]:
    """The operations, with `content` as the carrying row's pending events if they were `known` before."""
    change = find_carrier(table, operations, carrier)
    rewritten: Operation
    if isinstance(change, Insert):
        rewritten = Insert({**change.row, PENDING_EVENTS: content}, change.ttl)
    else:
        rewritten = Update(
            change.key, {**change.changes, PENDING_EVENTS: content}, {**change.expect, PENDING_EVENTS: known}
        )
    return [*(operation for operation in operations if not _is_on(table, operation, carrier)), rewritten]


def holds(expect: Values, row: Row) -> bool:
    """Whether a row that was read is as expected."""
    return all(row.get(name) == value for name, value in expect.items())


def _is_on(table: Table, operation: Operation, carrier: Values) -> bool:
    if isinstance(operation, UpdateStatic):
        return False
    key = operation.row if isinstance(operation, Insert | Put) else operation.key
    return all(key.get(column.name) == carrier[column.name] for column in table.clustering)
