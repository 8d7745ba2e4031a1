"""Work queues: jobs that one worker at a time does, with heartbeats, attempts and dead letters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Final, Generic

from mesh.bus.connection import Bus, Subscription
from mesh.bus.consumers import Plan
from mesh.bus.dead import dead_subject, letter_of, written
from mesh.bus.errors import InvalidMessage
from mesh.bus.letters import DeadLetters
from mesh.bus.model import Backoff, DeadLetterHandler, Done, Event, Job, JobHandler, M, Outcome
from mesh.bus.streams import DEAD_STREAM
from mesh.bus.subjects import route_of
from vidmesh.options.v1.options_pb2 import Delivery

JOB_ACK_WAIT: Final = timedelta(seconds=15)
"""A worker that is not heard of for this long is taken for dead, and its jobs are handed to others."""

_DEAD_ACK_WAIT: Final = timedelta(seconds=30)
_DEAD_SLOTS: Final = 4


@dataclass(frozen=True, slots=True)
class Depth:
    """How full a queue is."""

    waiting: int
    """Jobs that no worker has had yet."""
    running: int
    """Jobs that workers hold, or that wait for their next attempt."""


class JobQueue(Generic[M]):
    """The work queue of one type of job."""

    def __init__(
        self,
        bus: Bus,
        kind: type[M],
        *,
        max_attempts: int,
        backoff: Backoff | None = None,
        ack_wait: timedelta = JOB_ACK_WAIT,
        only: Mapping[str, str] | None = None,
    ) -> None:
        """`only`: values that fields of the subject have in the jobs that `work` takes; without, it takes all. Those
        who work on one type with different values take different jobs; who takes all must be alone.

        Raises InvalidMessage where the contract of `kind` does not make it a job, or a value cannot be in a subject.
        """
        self._route = route_of(kind)
        if self._route.delivery != Delivery.DELIVERY_JOB:
            raise InvalidMessage(f"{self._route.type_name} is no job")
        self._bus = bus
        self._kind = kind
        self._max_attempts = max_attempts
        self._backoff = backoff or Backoff(first=timedelta(seconds=1))
        self._ack_wait = ack_wait
        self._durable = "workers-" + self._route.type_name.replace(".", "-")
        self._subject = self._route.pattern_with(only or {})
        self._consumer = "-".join((self._durable, *(only or {}).values()))

    async def submit(self, message: M, job_id: str) -> None:
        """Put a job into the queue; again with the same `job_id` (within ten minutes) does nothing.

        Raises BusUnavailable: it may or may not be in the queue, so submit it again.
        """
        await self._bus.publish(message, job_id)

    async def holds(self, message: M) -> bool:
        """Whether the queue has this very job: waiting, with a worker, or between two attempts.

        One that was just submitted, finished or given up may be missing for a moment. Raises BusUnavailable.
        """
        return await self._bus.keeps(self._route.stream, self._route.subject(message))

    async def work(self, handler: JobHandler[M], slots: int, *, grace: timedelta = timedelta(0)) -> None:
        """Do up to `slots` jobs at a time until cancelled.

        Cancelling takes no more jobs and lets handlers finish for `grace`; then they are cancelled, and their
        jobs are handed out again at once (which uses up an attempt). A job whose attempts are used up becomes a
        dead letter. Raises UnsuitableStream, BusUnavailable at the beginning.
        """

        async def handle(event: Event[M], _headers: object) -> Outcome:
            return await handler(Job(event.message, event.delivery_count))

        plan = Plan(
            stream=self._route.stream,
            durable=self._consumer,
            buried_by=self._durable,
            subjects=(self._subject,),
            types={self._route.type_name: self._kind},
            slots=slots,
            ack_wait=self._ack_wait,
            max_attempts=self._max_attempts,
            backoff=self._backoff,
            surely_acknowledged=True,
            grace=grace,
        )
        await self._bus.consume(await self._bus.declared(plan, handle))

    async def on_dead(self, durable: str, handler: DeadLetterHandler[M]) -> Subscription:
        """Hand every job that was given up to `handler`, once among all processes that share `durable`."""

        async def handle(event: Event[M], headers: Mapping[str, str]) -> Outcome:
            await handler(letter_of(event.message, headers))
            return Done()

        plan = Plan(
            stream=DEAD_STREAM,
            durable=durable,
            subjects=(dead_subject(self._route.stream, self._durable),),
            types={self._route.type_name: self._kind},
            slots=_DEAD_SLOTS,
            ack_wait=_DEAD_ACK_WAIT,
            max_attempts=None,
            backoff=Backoff(),
        )
        return Subscription([await self._bus.start(plan, handle)])

    async def bury(self, message: M, job_id: str, attempts: int, reason: str) -> None:
        """Make a dead letter of a job that its owner gives up, whoever has it. Raises BusUnavailable."""
        await self._bus.send(written(message, self._route.stream, self._durable, job_id, attempts, reason))

    def dead_letters(self) -> DeadLetters[M]:
        """What was given up and is kept."""
        return self._bus.dead_letters(dead_subject(self._route.stream, self._durable), self._kind)

    async def depth(self) -> Depth:
        """How full the queue is. Raises BusUnavailable, also before any worker was ever there."""
        return Depth(*await self._bus.depth(self._route.stream, self._consumer))
