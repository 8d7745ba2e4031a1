"""A steady pull: asks a durable consumer for as many messages as there are free slots, and no more.

The client library's `fetch` waits for a whole batch and asks twice for every one; here each request stays open
until it is used up or expires (ADR-37 of NATS describes the same for its own clients).
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Final

import nats.errors
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription

_EXPIRES: Final = 30.0
_HEARTBEAT: Final = 5.0
_SILENCE: Final = 2.5 * _HEARTBEAT
"""Seconds without a heartbeat after which a request is taken for lost."""
_PAUSE: Final = 0.25


class Pull:
    """Messages of one durable consumer, handed to `receive` one by one as slots become free.

    `receive` must not wait: it starts a task. `release` says that one is finished.
    """

    def __init__(self, client: Client, stream: str, durable: str, slots: int, receive: Callable[[Msg], None]) -> None:
        self._client = client
        self._subject = f"$JS.API.CONSUMER.MSG.NEXT.{stream}.{durable}"
        self._slots = slots
        self._receive = receive
        self._busy = 0
        self._asked = 0
        self._heard = 0.0
        self._gone = False
        self._refused = False
        self._changed = asyncio.Event()

    def release(self) -> None:
        """A message that was received is finished: its slot is free."""
        self._busy -= 1
        self._changed.set()

    def lost(self) -> None:
        """The connection was cut: the server forgot what was asked for."""
        self._asked = 0
        self._changed.set()

    async def run(self, redeclare: Callable[[], Awaitable[None]]) -> None:
        """Ask until cancelled; `redeclare` is called when the server does not know the consumer (any more)."""
        loop = asyncio.get_running_loop()
        inbox = self._client.new_inbox()
        subscription = await self._client.subscribe(inbox, cb=self._arrived)
        try:
            while True:
                self._changed.clear()
                if self._gone:
                    await redeclare()
                    self._gone = False
                if self._asked and loop.time() - self._heard > _SILENCE:
                    self._asked = 0
                free = self._slots - self._busy - self._asked
                if free > 0:
                    await self._ask(free, inbox)
                await _wait(self._changed, _HEARTBEAT)
                if self._refused:
                    # A leader is being chosen, a server is starting: asking at once would be asked in vain.
                    self._refused = False
                    await asyncio.sleep(_PAUSE)
        finally:
            await _leave(subscription)

    async def _ask(self, batch: int, inbox: str) -> None:
        request = {"batch": batch, "expires": int(_EXPIRES * 1e9), "idle_heartbeat": int(_HEARTBEAT * 1e9)}
        self._asked += batch
        self._heard = asyncio.get_running_loop().time()
        try:
            await self._client.publish(self._subject, json.dumps(request).encode(), reply=inbox)
        except (nats.errors.Error, ConnectionError):
            # The connection is away: `lost` or the silence starts it anew.
            self._asked = 0

    async def _arrived(self, message: Msg) -> None:
        self._heard = asyncio.get_running_loop().time()
        status = (message.headers or {}).get("Status")
        if status is None:
            self._asked = max(0, self._asked - 1)
            self._busy += 1
            self._receive(message)
        elif status != "100":
            self._ended(status, message.headers or {})
        self._changed.set()

    def _ended(self, status: str, headers: dict[str, str]) -> None:
        """A request ended before it was used up: 408 expired, 409 consumer changed, 503 nobody answers."""
        left = int(headers.get("Nats-Pending-Messages", self._asked))
        self._asked = max(0, self._asked - left)
        self._refused = status in ("409", "503")
        if status == "503" or (status == "409" and "Deleted" in headers.get("Description", "")):
            self._asked = 0
            self._gone = True


async def _wait(event: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        return


async def _leave(subscription: Subscription) -> None:
    try:
        # Drains: what is on its way still arrives, so that it can be given back at once.
        await subscription.drain()
    except (nats.errors.Error, ConnectionError, TimeoutError):
        return
