"""Every error the tables layer raises, what it means to the caller and whether trying again helps.

A condition that does not hold is not an error: compare-and-set operations answer ``False``.
"""

# ruff: noqa: N818 (the names say what is the case; `except Unavailable` reads as it should)

from __future__ import annotations

from datetime import timedelta
from typing import ClassVar


class TableError(Exception):
    """Base of all errors of this layer. `retryable` says whether the same call may succeed later."""

    retryable: ClassVar[bool] = False


class InvalidSchema(TableError, ValueError):
    """A declaration contradicts itself or what every engine can do. A bug in the declaring module."""


class InvalidRow(TableError, ValueError):
    """A value does not fit its column, or a name does not belong. Nothing was written; never retry."""


class InvalidQuery(TableError, ValueError):
    """A limit, range, token range or list of operations is outside what a query may ask. Never retry."""


class InvalidCursor(InvalidQuery):
    """The cursor is damaged or belongs to another query. The caller starts from the first page again."""


class Unavailable(TableError):
    """The engine could not answer (disk error, disk full, lost connection, time-out). Retry with back-off.

    A write that raises this may or may not have been applied: repeat it only in a form that is
    idempotent, or read first.
    """

    retryable: ClassVar[bool] = True


class Overloaded(TableError):
    """Too many calls are waiting already. Nothing was written; retry after `retry_after`."""

    retryable: ClassVar[bool] = True

    def __init__(self, sentence: str, retry_after: timedelta) -> None:
        super().__init__(sentence)
        self.retry_after = retry_after


class Closed(TableError):
    """The engine was closed. Nothing was written; the process is shutting down."""


class NewerFormat(TableError):
    """The stored data was written by a newer programme. It was left untouched: install that version."""


class SchemaMismatch(TableError):
    """The stored data belongs to another service, or a declaration changed without a new version."""


class NotMigrated(TableError):
    """The stored data is not at the version that this needs. Run `vidmesh migrate`; the sentence says which way."""


class StillInUse(TableError):
    """Older programmes that need what was to be dropped have the data open. Nothing was dropped; stop them first."""


class AlreadyOpen(TableError):
    """Another process holds the data. Stop that process; a second one must never write the same file."""


class UnknownEngine(TableError, ValueError):
    """The URL names no engine that exists, or is not of that engine's form."""
