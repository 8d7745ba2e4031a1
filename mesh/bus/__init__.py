"""Facts, work and wakes on NATS, typed by the contracts. README.md beside this file says how to use it."""

from __future__ import annotations

from mesh.bus.errors import BusClosed, BusError, BusUnavailable, InvalidContract, InvalidMessage, UnsuitableStream
from mesh.bus.model import (
    Backoff,
    DeadLetter,
    DeadLetterHandler,
    Done,
    Drop,
    Event,
    EventHandler,
    Job,
    JobHandler,
    Outcome,
    Retry,
)

__all__ = [
    "Backoff",
    "BusClosed",
    "BusError",
    "BusUnavailable",
    "DeadLetter",
    "DeadLetterHandler",
    "Done",
    "Drop",
    "Event",
    "EventHandler",
    "InvalidContract",
    "InvalidMessage",
    "Job",
    "JobHandler",
    "Outcome",
    "Retry",
    "UnsuitableStream",
]
