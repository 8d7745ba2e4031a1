"""What consumers are handed, and what a job's handler answers."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Generic, TypeAlias, TypeVar

from google.protobuf.message import Message

M_co = TypeVar("M_co", bound=Message, covariant=True)
M = TypeVar("M", bound=Message)


@dataclass(frozen=True, slots=True)
class Event(Generic[M_co]):
    """A fact, handed out at least once and in no promised order: a handler must be idempotent by `id`."""

    id: str
    """As the publisher gave it; the same on every redelivery and republication."""
    message: M_co
    time: datetime
    """When the stream took it in, by the bus's clock."""
    delivery_count: int
    """1 at first; more where a handler failed or died before."""


@dataclass(frozen=True, slots=True)
class Job(Generic[M_co]):
    """Work handed to one worker. While its handler runs, heartbeats keep it from being handed to another."""

    message: M_co
    attempt: int
    """1 at first. A fencing token: a worker that was cut off may still run an earlier attempt, so outputs go
    to keys with the attempt in them and one compare-and-set publishes them."""


@dataclass(frozen=True, slots=True)
class Done:
    """The work is finished, its result is stored: the message goes."""


@dataclass(frozen=True, slots=True)
class Retry:
    """Hand the job out again, not before `after` (None: by the queue's back-off). Uses up an attempt."""

    after: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Drop:
    """The work is not wanted any more (cancelled, deleted): the message goes, without a dead letter."""


@dataclass(frozen=True, slots=True)
class GiveUp:
    """The work failed for good, as its owner has noted: the message becomes a dead letter for a person to look at."""

    reason: str
    """One line, with what the last attempt failed with."""


Outcome: TypeAlias = Done | Retry | Drop | GiveUp


@dataclass(frozen=True, slots=True)
class DeadLetter(Generic[M_co]):
    """A message that was given up: its attempts are used up, or it could not be read."""

    message: M_co
    event_id: str
    attempts: int
    reason: str
    """One line: what the last attempt failed with. May hold details of the failure; not for viewers."""


EventHandler: TypeAlias = Callable[[Event[M]], Awaitable[None]]
"""Returning acknowledges; raising hands the event out again after a back-off."""

JobHandler: TypeAlias = Callable[[Job[M]], Awaitable[Outcome]]
"""Raising is `Retry()`. It must not block the event loop: heartbeats come from there."""

DeadLetterHandler: TypeAlias = Callable[[DeadLetter[M]], Awaitable[None]]
"""Returning acknowledges; raising hands the dead letter out again after a back-off."""


@dataclass(frozen=True, slots=True)
class Backoff:
    """Waits that double from `first` to `most`, each shortened by up to a half at random."""

    first: timedelta = timedelta(milliseconds=500)
    most: timedelta = timedelta(minutes=1)
