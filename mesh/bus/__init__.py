"""Facts, work and wakes on NATS, typed by the contracts. README.md beside this file says how to use it."""

from __future__ import annotations

from importlib import import_module

from mesh.importing import without

with without("aiohttp"):
    # It would be loaded for WebSockets, which are not used, and is larger than all the rest.
    import_module("nats.aio.client")

from mesh.bus.connecting import connect_bus
from mesh.bus.connection import Bus, Subscription
from mesh.bus.errors import BusClosed, BusError, BusUnavailable, InvalidContract, InvalidMessage, UnsuitableStream
from mesh.bus.jobs import Depth, JobQueue
from mesh.bus.model import (
    Backoff,
    DeadLetter,
    DeadLetterHandler,
    Done,
    Drop,
    Event,
    EventHandler,
    GiveUp,
    Job,
    JobHandler,
    Outcome,
    Retry,
)
from mesh.bus.outbox import Outbox, outbox_table
from mesh.bus.wakes import Wakes

__all__ = [
    "Backoff",
    "Bus",
    "BusClosed",
    "BusError",
    "BusUnavailable",
    "DeadLetter",
    "DeadLetterHandler",
    "Depth",
    "Done",
    "Drop",
    "Event",
    "EventHandler",
    "GiveUp",
    "InvalidContract",
    "InvalidMessage",
    "Job",
    "JobHandler",
    "JobQueue",
    "Outbox",
    "Outcome",
    "Retry",
    "Subscription",
    "UnsuitableStream",
    "Wakes",
    "connect_bus",
    "outbox_table",
]
