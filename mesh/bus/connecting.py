"""Opening a process's connection to the bus, and declaring the streams of the contracts."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Final

import nats.errors
from nats.aio.client import Client

from mesh.bus.connection import Bus
from mesh.bus.errors import BusUnavailable
from mesh.bus.publishing import WITHIN, Publisher
from mesh.bus.streams import declare, plans
from mesh.bus.subjects import all_routes
from mesh.config import BusSettings

_log = logging.getLogger(__name__)

CONNECT_WITHIN: Final = timedelta(seconds=30)
_BUFFERED: Final = 8 << 20
"""Bytes kept for sending while the connection is away; beyond that, publishing waits and then fails."""
_PAUSE: Final = 0.2
_PING_EVERY: Final = 4
"""Seconds."""


@asynccontextmanager
async def connect_bus(
    settings: BusSettings,
    name: str,
    *,
    within: timedelta = CONNECT_WITHIN,
    publish_within: timedelta = WITHIN,
) -> AsyncGenerator[Bus]:
    """The bus for the length of the block; `name` is what the server's own monitoring shows.

    A server that is starting is waited for; BusUnavailable when it does not answer `within` this time. Later the
    connection comes back by itself, however long it was away, while publishing fails after `publish_within`.
    Raises InvalidContract, UnsuitableStream.
    """
    routes = all_routes()
    client = Client()
    back: list[Bus] = []

    async def reconnected() -> None:
        _log.warning("the connection to the bus is back")
        for bus in back:
            bus.reconnected()

    async def disconnected() -> None:
        if not client.is_closed and not client.is_draining:
            _log.warning("the connection to the bus was lost")

    async def failed(error: Exception) -> None:
        _log.debug("bus: %s: %s", type(error).__name__, error)

    try:
        async with asyncio.timeout(within.total_seconds()):
            await client.connect(
                servers=[server.strip() for server in settings.url.split(",")],
                name=name,
                max_reconnect_attempts=-1,
                reconnect_time_wait=_PAUSE,  # pyright: ignore[reportArgumentType] (it only sleeps for it)
                connect_timeout=2,
                # A server that vanished without a word is noticed after the third.
                ping_interval=_PING_EVERY,
                max_outstanding_pings=2,
                pending_size=_BUFFERED,
                error_cb=failed,
                disconnected_cb=disconnected,
                reconnected_cb=reconnected,
            )
            js = client.jetstream()
            for plan in plans(routes, settings):
                while True:
                    try:
                        await declare(js, plan)
                        break
                    except (nats.errors.Error, ConnectionError) as error:
                        _log.debug("stream %s cannot be declared yet: %s", plan.name, error)
                        await asyncio.sleep(_PAUSE)
    except TimeoutError as error:
        await client.close()
        raise BusUnavailable(f"the bus at {settings.url} did not answer within {within}") from error
    except BaseException:
        await client.close()
        raise
    bus = Bus(client, js, Publisher(client, js, publish_within))
    back.append(bus)
    try:
        yield bus
    finally:
        await bus.close()
