"""The one connection of a process to the bus, and everything that is done over it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine, Sequence
from datetime import timedelta
from typing import Any, Final

import nats.errors
from google.protobuf.message import Message
from nats.aio.client import Client
from nats.js import JetStreamContext
from nats.js.errors import NotFoundError

from mesh.bus.barrier import settled
from mesh.bus.consumers import Consumer, Handler, Plan
from mesh.bus.envelope import ID_HEADER, Envelope, pack
from mesh.bus.errors import BusUnavailable, InvalidMessage
from mesh.bus.letters import DeadLetters
from mesh.bus.model import Backoff, Done, Event, EventHandler, M, Outcome
from mesh.bus.publishing import Publisher
from mesh.bus.subjects import route_of
from mesh.bus.wakes import WakeHub, Wakes
from vidmesh.options.v1.options_pb2 import Delivery

_log = logging.getLogger(__name__)

EVENT_ACK_WAIT: Final = timedelta(seconds=30)
EVENT_ATTEMPTS: Final = 20
"""With the default back-off about a quarter of an hour."""
_RESTART: Final = 1.0


class Subscription:
    """A running subscription; it ends with the bus, or by `stop`."""

    def __init__(self, tasks: Sequence[asyncio.Task[None]]) -> None:
        self._tasks = tasks

    async def stop(self) -> None:
        """Take no more messages, let handlers finish (for up to 20 s), give back the rest."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


class Bus:
    """Facts, work and wakes; made by `connect_bus`."""

    def __init__(self, client: Client, js: JetStreamContext, publisher: Publisher) -> None:
        self._client = client
        self._js = js
        self._publisher = publisher
        self._hub = WakeHub(client)
        self._consumers: set[Consumer[Any]] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    async def publish(self, message: Message, event_id: str | None = None) -> None:
        """Publish a message as its contract says.

        A fact or a job needs an `event_id`, equal whenever the same thing is published again; this returns when
        the stream has it, and raises BusUnavailable when that cannot be said within 10 s. Several may be awaited
        together. A wake has no id and is sent without waiting; a lost one is no error. Raises InvalidMessage.
        """
        await self.send(pack(message, event_id))

    async def send(self, envelope: Envelope) -> None:
        """Publish a message that was packed before. Raises BusUnavailable."""
        if ID_HEADER in envelope.headers:
            await self._publisher.send(envelope)
        else:
            await self._publisher.hint(envelope)

    async def subscribe(
        self,
        types: type[M] | Sequence[type[M]],
        durable: str,
        handler: EventHandler[M],
        *,
        slots: int = 16,
        max_attempts: int = EVENT_ATTEMPTS,
        backoff: Backoff | None = None,
    ) -> Subscription:
        """Hand every fact of these types to `handler`, from the first that is kept, once among all processes that
        share the `durable` name (letters, digits, `_` and `-`).

        Up to `slots` handlers run at once, so facts overtake each other. When one raises, its fact comes again
        after a back-off; after `max_attempts` it becomes a dead letter, but never by errors that say `retryable`
        (something it needs is away). Raises InvalidMessage, UnsuitableStream, BusUnavailable.
        """
        kinds: Sequence[type[M]] = types if isinstance(types, Sequence) else (types,)
        by_stream: dict[str, dict[str, type[M]]] = {}
        for kind in kinds:
            route = route_of(kind)
            if route.delivery != Delivery.DELIVERY_EVENT:
                raise InvalidMessage(f"{route.type_name} is no fact: jobs are worked on, wakes listened to")
            by_stream.setdefault(route.stream, {})[route.type_name] = kind

        async def handle(event: Event[M], _headers: object) -> Outcome:
            await handler(event)
            return Done()

        plans = [
            Plan(
                stream=stream,
                durable=durable,
                subjects=tuple(route_of(kind).pattern for kind in found.values()),
                types=found,
                slots=slots,
                ack_wait=EVENT_ACK_WAIT,
                max_attempts=max_attempts,
                backoff=backoff or Backoff(),
                gives_up_on_passing_errors=False,
            )
            for stream, found in by_stream.items()
        ]
        return Subscription([await self.start(plan, handle) for plan in plans])

    def wakes(self, kind: type[M], key: str | None = None) -> Wakes[M]:
        """A listener to wakes of a type, or to those of one `key` (the value in the subject's `{field}`).

        Facts can be listened to as well, by every process at once and with no more guarantee than a wake has.
        """
        return Wakes(self._hub, kind, key)

    async def start(self, plan: Plan[M], handler: Handler[M]) -> asyncio.Task[None]:
        """Declare a consumer and let it run beside, until the task is cancelled or the bus is closed."""
        consumer = await self.declared(plan, handler)
        return self._keep(self.consume(consumer), plan.durable)

    async def declared(self, plan: Plan[M], handler: Handler[M]) -> Consumer[M]:
        """A consumer whose durable exists. Raises UnsuitableStream, BusUnavailable."""
        consumer = Consumer(self._client, self._js, self._publisher, plan, handler)
        try:
            await consumer.declare()
        except (nats.errors.Error, ConnectionError, TimeoutError) as error:
            raise BusUnavailable(f"consumer {plan.durable} of {plan.stream}: {error}") from error
        return consumer

    async def consume(self, consumer: Consumer[M]) -> None:
        """Run a consumer until cancelled; what breaks it is logged and it goes on."""
        self._consumers.add(consumer)
        try:
            while True:
                try:
                    await consumer.run()
                except Exception:
                    _log.exception("a consumer broke; it goes on in %.0f s", _RESTART)
                    await asyncio.sleep(_RESTART)
        finally:
            self._consumers.discard(consumer)

    async def depth(self, stream: str, durable: str) -> tuple[int, int]:
        """Of a consumer: messages never handed out yet, and messages handed out but not settled.

        Raises BusUnavailable, also where there is no such consumer yet.
        """
        try:
            info = await self._js.consumer_info(stream, durable)
        except (nats.errors.Error, ConnectionError, TimeoutError) as error:
            raise BusUnavailable(f"consumer {durable} of {stream}: {error}") from error
        return info.num_pending or 0, info.num_ack_pending or 0

    async def keeps(self, stream: str, subject: str) -> bool:
        """Whether a stream has a message on this very subject. Raises BusUnavailable."""
        try:
            await self._js.get_last_msg(stream, subject)
        except NotFoundError:
            return False
        except (nats.errors.Error, ConnectionError, TimeoutError) as error:
            raise BusUnavailable(f"what is on {subject}: {error}") from error
        return True

    def dead_letters(self, subject: str, kind: type[M]) -> DeadLetters[M]:
        """The dead letters of one consumer."""
        return DeadLetters(self._js, subject, kind)

    def reconnected(self) -> None:
        """The connection was cut and is back: ask anew, and say that wakes may be missing."""
        for consumer in self._consumers:
            consumer.lost()
        self._hub.missed()

    async def close(self) -> None:
        """Take no more messages, let handlers finish, send what is buffered."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._hub.close()
        if self._client.is_connected:
            try:
                await settled(self._client)
            except BusUnavailable as error:
                _log.warning("closing the bus while it does not answer: %s", error)
        await self._client.close()

    def _keep(self, work: Coroutine[Any, Any, None], name: str) -> asyncio.Task[None]:
        task = asyncio.create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task
