"""Durable consumers: their declaration, and the life of each message that they hand out."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final, Generic, TypeAlias

import nats.errors
from google.protobuf.message import DecodeError
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.js import JetStreamContext
from nats.js.api import AckPolicy, ConsumerConfig
from nats.js.errors import NotFoundError

from mesh.bus.backoff import wait_after
from mesh.bus.dead import bury
from mesh.bus.envelope import ID_HEADER, TYPE_HEADER
from mesh.bus.errors import BusError, UnsuitableStream
from mesh.bus.model import Backoff, Done, Drop, Event, GiveUp, M, Outcome, Retry
from mesh.bus.publishing import Publisher
from mesh.bus.pulling import Pull
from mesh.bus.tracing import continued_trace

_log = logging.getLogger(__name__)

_FINAL_ACK: Final = 5.0

Handler: TypeAlias = Callable[[Event[M], Mapping[str, str]], Awaitable[Outcome]]
"""What is done with one message and its headers. Raising is `Retry()`."""


@dataclass(frozen=True, slots=True)
class Plan(Generic[M]):
    """A durable consumer and how its messages are treated."""

    stream: str
    durable: str
    subjects: tuple[str, ...]
    types: dict[str, type[M]]
    """By full name; a message of another type is left for a newer release, and given up in the end."""
    slots: int
    """Handlers of this process that run at once."""
    ack_wait: timedelta
    """A message without heartbeat for this long is handed to somebody else."""
    max_attempts: int | None
    """After this many failures it is given up; None: never."""
    backoff: Backoff
    surely_acknowledged: bool = False
    """Wait until the server has the acknowledgement: for work that is dear to repeat."""
    gives_up_on_passing_errors: bool = True
    """Whether an exception that says `retryable` counts like any other."""
    buried_by: str = ""
    """Whose dead letters become of what is given up, where several durables share them; empty: the durable's own."""
    grace: timedelta = field(default=timedelta(seconds=20))
    """How long handlers may go on after the end was asked for."""


class Consumer(Generic[M]):
    """One process's share of a durable consumer."""

    def __init__(
        self,
        client: Client,
        js: JetStreamContext,
        publisher: Publisher,
        plan: Plan[M],
        handler: Handler[M],
    ) -> None:
        self._client = client
        self._js = js
        self._publisher = publisher
        self._plan = plan
        self._handler = handler
        self._pull = Pull(client, plan.stream, plan.durable, plan.slots, self._receive)
        self._turns = asyncio.Semaphore(plan.slots)
        self._tasks: set[asyncio.Task[None]] = set()
        self._ending = False

    def lost(self) -> None:
        """The connection was cut and is back."""
        self._pull.lost()

    async def declare(self) -> None:
        """Make the durable, or widen the one that exists. Raises UnsuitableStream."""
        plan = self._plan
        wanted = ConsumerConfig(
            durable_name=plan.durable,
            ack_policy=AckPolicy.EXPLICIT,
            ack_wait=plan.ack_wait.total_seconds(),
            # Never the server's business: it would leave an exhausted message lying, and only say so in an advisory
            # that can be missed. Whoever gets the message once more sees the count and buries it.
            max_deliver=-1,
            max_ack_pending=1000,
            filter_subjects=sorted(plan.subjects),
        )
        try:
            existing = (await self._js.consumer_info(plan.stream, plan.durable)).config
        except NotFoundError:
            await self._js.add_consumer(plan.stream, wanted)
            return
        if existing.ack_policy != AckPolicy.EXPLICIT or existing.deliver_subject:
            raise UnsuitableStream(f"consumer {plan.durable} of {plan.stream} exists and is of another kind")
        known = set(existing.filter_subjects or ([existing.filter_subject] if existing.filter_subject else []))
        if not known.issuperset(plan.subjects) or existing.ack_wait != wanted.ack_wait:
            wanted.filter_subjects = sorted(known | set(plan.subjects))
            # Where it began cannot be changed; one that came out of a back-up began elsewhere than at the first.
            wanted.deliver_policy, wanted.opt_start_seq = existing.deliver_policy, existing.opt_start_seq
            await self._js.add_consumer(plan.stream, wanted)

    async def run(self) -> None:
        """Hand out messages until cancelled; then let handlers finish for `grace`, and give back what is left."""
        self._ending = False
        try:
            await self._pull.run(self._redeclare)
        finally:
            self._ending = True
            await self._finish()

    async def _redeclare(self) -> None:
        try:
            await self.declare()
        except (nats.errors.Error, BusError, ConnectionError, TimeoutError) as error:
            _log.warning("consumer %s of %s cannot be declared yet: %s", self._plan.durable, self._plan.stream, error)
            await asyncio.sleep(1)

    def _receive(self, message: Msg) -> None:
        task = asyncio.create_task(self._live(message))
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        self._pull.release()
        if not task.cancelled() and (error := task.exception()) is not None:
            _log.error("a message of %s was not settled", self._plan.durable, exc_info=error)

    async def _finish(self) -> None:
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=self._plan.grace.total_seconds())
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)

    async def _live(self, message: Msg) -> None:
        heartbeat = asyncio.create_task(self._beat(message))
        try:
            async with self._turns:
                if self._ending:
                    await self._settle(message, Retry(timedelta(0)))
                else:
                    await self._handle(message)
        except asyncio.CancelledError:
            await self._settle(message, Retry(timedelta(0)))
            raise
        finally:
            heartbeat.cancel()

    async def _beat(self, message: Msg) -> None:
        while True:
            await asyncio.sleep(self._plan.ack_wait.total_seconds() / 3)
            try:
                await message.in_progress()
            except (nats.errors.Error, ConnectionError):
                continue

    async def _handle(self, message: Msg) -> None:
        plan = self._plan
        headers = message.headers or {}
        attempt = message.metadata.num_delivered
        if plan.gives_up_on_passing_errors and plan.max_attempts is not None and attempt > plan.max_attempts:
            # Whoever had it last died with it, so nobody could say.
            await self._give_up(message, attempt - 1, "every attempt ended without an answer")
            return
        name = headers.get(TYPE_HEADER, "")
        kind = plan.types.get(name)
        if kind is None:
            await self._failed(message, attempt, LookupError(f"{name or 'a message without type'} is not known here"))
            return
        try:
            content = kind.FromString(message.data)
        except DecodeError as error:
            await self._give_up(message, attempt, f"{name} cannot be read: {error}")
            return
        event = Event(headers.get(ID_HEADER, ""), content, message.metadata.timestamp, attempt)
        try:
            with continued_trace(headers, f"{plan.durable} {name}"):
                outcome = await self._handler(event, headers)
        except Exception as error:
            await self._failed(message, attempt, error)
        else:
            await self._answered(message, attempt, outcome)

    async def _answered(self, message: Msg, attempt: int, outcome: Outcome) -> None:
        limit = self._plan.max_attempts
        if isinstance(outcome, GiveUp):
            await self._give_up(message, attempt, outcome.reason)
        elif isinstance(outcome, Retry) and limit is not None and attempt >= limit:
            await self._give_up(message, attempt, "it asked to be tried again, and this was the last attempt")
        elif outcome == Retry():
            await self._settle(message, Retry(wait_after(attempt, self._plan.backoff)))
        else:
            await self._settle(message, outcome)

    async def _failed(self, message: Msg, attempt: int, error: Exception) -> None:
        plan = self._plan
        passing = bool(getattr(error, "retryable", False)) and not plan.gives_up_on_passing_errors
        if plan.max_attempts is not None and attempt >= plan.max_attempts and not passing:
            _log.error("%s failed for good", message.subject, exc_info=error)
            await self._give_up(message, attempt, f"{type(error).__name__}: {error}")
            return
        wait = wait_after(attempt, plan.backoff)
        _log.warning(
            "%s failed in %s (attempt %d), again in %.1f s: %s: %s",
            message.subject, plan.durable, attempt, wait.total_seconds(), type(error).__name__, error,
        )  # fmt: skip
        await self._settle(message, Retry(wait))

    async def _give_up(self, message: Msg, attempts: int, reason: str) -> None:
        try:
            durable = self._plan.buried_by or self._plan.durable
            await bury(self._publisher, message, durable, attempts, reason)
        except BusError as error:
            _log.warning("%s cannot be buried yet: %s", message.subject, error)
            await self._settle(message, Retry(wait_after(attempts, self._plan.backoff)))
        else:
            _log.error("%s was given up by %s: %s", message.subject, self._plan.durable, reason)
            await self._settle(message, Done())

    async def _settle(self, message: Msg, outcome: Done | Drop | Retry) -> None:
        """Tell the server. Where it does not hear, the message is handed out again: handlers are idempotent."""
        try:
            match outcome:
                case Done() | Drop() if self._plan.surely_acknowledged:
                    await message.ack_sync(_FINAL_ACK)
                case Done() | Drop():
                    await message.ack()
                case Retry(after):
                    await message.nak(after.total_seconds() if after else None)
        except (nats.errors.Error, ConnectionError, TimeoutError) as error:
            _log.warning("%s: the answer %s may not have reached the bus: %s", message.subject, outcome, error)
