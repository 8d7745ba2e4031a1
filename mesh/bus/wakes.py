"""Wakes: hints that something changed, shared out to the listeners of this process.

A fact can be listened to like a wake, by every process at once: whoever must not miss one subscribes to it instead.

One subscription a type and process, however many listeners there are.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import AsyncIterator
from types import TracebackType
from typing import Final, Generic, Protocol, Self

import nats.errors
from google.protobuf.message import DecodeError, Message
from nats.aio.client import Client
from nats.aio.msg import Msg

from mesh.bus.barrier import settled
from mesh.bus.errors import BusClosed, BusUnavailable, InvalidMessage
from mesh.bus.model import M
from mesh.bus.subjects import Route, route_of
from vidmesh.options.v1.options_pb2 import Delivery

MAX_WAITING: Final = 1000
"""Wakes of different keys that one listener may leave unread; beyond that it is told that some are missing."""


class Wakes(Generic[M]):
    """A listener. Enter it, read the tables, then iterate: what changes after entering wakes it.

    Iterating gives the newest message of a key, or None: wakes may be missing (the connection was cut, or too
    many came), so look at everything. It ends when the bus is closed.
    """

    def __init__(self, hub: WakeHub, kind: type[M], key: str | None) -> None:
        self._hub = hub
        self._kind = kind
        self.key = key
        """The only key it listens to, or None for all."""
        self._waiting: OrderedDict[str, M] = OrderedDict()
        self._missing = False
        self._closed = False
        self._changed = asyncio.Event()

    async def __aenter__(self) -> Self:
        await self._hub.join(self._kind, self)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._hub.leave(self._kind, self)

    def __aiter__(self) -> AsyncIterator[M | None]:
        return self

    async def __anext__(self) -> M | None:
        await self._changed.wait()
        if self._missing:
            self._missing = False
            self._waiting.clear()
            message = None
        elif self._waiting:
            _, message = self._waiting.popitem(last=False)
        else:
            raise StopAsyncIteration
        if not self._waiting and not self._closed:
            self._changed.clear()
        return message

    def wake(self, key: str, message: Message) -> None:
        """Called by the hub: `message`, of this listener's type, arrived."""
        if isinstance(message, self._kind):
            self._waiting[key] = message
        if len(self._waiting) > MAX_WAITING:
            self.missed()
        self._changed.set()

    def missed(self) -> None:
        """Called by the hub: some may not have arrived."""
        self._missing = True
        self._waiting.clear()
        self._changed.set()

    def close(self) -> None:
        """Called by the hub: nothing comes any more."""
        self._closed = True
        self._changed.set()


class Listener(Protocol):
    """What the hub knows of a listener, whatever its type of message."""

    key: str | None

    def wake(self, key: str, message: Message) -> None:
        """A message arrived."""
        ...

    def missed(self) -> None:
        """Some may not have arrived."""
        ...

    def close(self) -> None:
        """Nothing comes any more."""
        ...


class WakeHub:
    """All listeners of one process."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._listeners: dict[str, dict[str | None, set[Listener]]] = {}
        self._subscribing = asyncio.Lock()

    async def join(self, kind: type[M], listener: Listener) -> None:
        """Wakes that are sent after this returns reach `listener`.

        Raises InvalidMessage for jobs, BusUnavailable, BusClosed.
        """
        route = route_of(kind)
        if route.delivery == Delivery.DELIVERY_JOB:
            raise InvalidMessage(f"{route.type_name} is work: only a worker may have it")
        async with self._subscribing:
            if route.type_name not in self._listeners:
                await self._subscribe(kind, route)
                self._listeners[route.type_name] = {}
        self._listeners[route.type_name].setdefault(listener.key, set()).add(listener)

    def leave(self, kind: type[M], listener: Listener) -> None:
        """No more wakes for this one. The subscription stays: there will be others."""
        by_key = self._listeners.get(route_of(kind).type_name, {})
        group = by_key.get(listener.key, set())
        group.discard(listener)
        if not group:
            by_key.pop(listener.key, None)

    def missed(self) -> None:
        """The connection was cut and is back."""
        for listener in self._all():
            listener.missed()

    def close(self) -> None:
        """End every listener."""
        for listener in self._all():
            listener.close()

    def _all(self) -> list[Listener]:
        return [one for by_key in self._listeners.values() for group in by_key.values() for one in group]

    async def _subscribe(self, kind: type[M], route: Route) -> None:
        async def arrived(raw: Msg) -> None:
            try:
                message = kind.FromString(raw.data)
            except DecodeError:
                # A hint that cannot be read still says that something happened.
                for listener in self._all():
                    listener.missed()
                return
            key = route.key(message)
            by_key = self._listeners.get(route.type_name, {})
            for listener in [*by_key.get(key, ()), *by_key.get(None, ())]:
                listener.wake(key, message)

        try:
            subscription = await self._client.subscribe(route.pattern, cb=arrived)
        except nats.errors.Error as error:
            raise BusClosed(f"listening to {route.pattern}: {error}") from error
        try:
            await settled(self._client)
        except BusUnavailable:
            await subscription.unsubscribe()
            raise
