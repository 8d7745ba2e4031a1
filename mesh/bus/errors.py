"""Every error of the bus, what it means to the caller and whether trying again helps."""

# ruff: noqa: N818 (the names say what is the case; `except BusUnavailable` reads as it should)

from __future__ import annotations

from typing import ClassVar


class BusError(Exception):
    """Base of all errors of this layer. `retryable` says whether the same call may succeed later."""

    retryable: ClassVar[bool] = False


class BusUnavailable(BusError):
    """The bus did not answer within the time given. Retry with back-off.

    A message that was being published may or may not be in its stream: publish it again with the same
    event id, and the stream keeps one (within its duplicate window; consumers are idempotent besides).
    """

    retryable: ClassVar[bool] = True


class BusClosed(BusError):
    """The connection was closed by us: the process is shutting down. Nothing was published."""


class InvalidMessage(BusError, ValueError):
    """The message cannot travel: no `subject` option, a field unfit for a subject, too large, or no event id
    where one is needed. A bug in the caller; never retry."""


class InvalidContract(BusError, ValueError):
    """The `subject` options of the contracts contradict each other. A bug in the protos."""


class UnsuitableStream(BusError):
    """A stream or consumer of this name exists and keeps messages in another way, so using it would lose some.

    Somebody has to decide: another installation shares the server, or a release changed what cannot change.
    """
