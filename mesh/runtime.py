"""What a service is given to build itself from: settings, a log, and everything it may open.

What is opened here is closed here, in reverse order, after the last call has been answered.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self

import grpc.aio

from mesh.background import Background
from mesh.channel import Channels
from mesh.config import Settings
from mesh.identity import KeySource
from mesh.key_files import KeyFile
from mesh.key_sources import FetchedKeys, jwks_from
from mesh.pagination import PageTokens
from mesh.sealing import Sealer
from mesh.service_tokens import ServiceTokens
from mesh.telemetry import Telemetry

if TYPE_CHECKING:
    from structlog.typing import FilteringBoundLogger

    from mesh.bus import Bus
    from mesh.objects import Objects
    from mesh.tables import Schema, Tables

ISSUING_SERVICE = "svc_social"
"""Who hosts AccountService, whose keys sign access tokens."""

TABLES_WITHIN: Final = timedelta(seconds=30)
"""How long tables that do not answer are waited for, as the bus is; then whoever supervises starts the process anew."""
_PAUSE: Final = 1.0


class Runtime:
    """One process of a service. `async with Runtime(...)`: leaving closes what was opened."""

    def __init__(
        self, settings: Settings, name: str, log: FilteringBoundLogger, telemetry: Telemetry | None = None
    ) -> None:
        """Raises ValueError where a secret in the settings is too short to be one."""
        self.settings = settings
        """The whole configuration."""
        self.name = name
        """This service's name, e.g. "svc_social"."""
        self.log = log
        """Bound to the service's name."""
        self.telemetry = telemetry
        """Traces and metrics; None when they are off."""
        identity = settings.identity
        self.sealer = Sealer(
            identity.sealing_secret.get_secret_value(),
            [one.get_secret_value() for one in identity.sealing_secret_previous],
        )
        """Seals tokens and derives ids."""
        self.page_tokens = PageTokens(self.sealer)
        """Seals and opens page tokens."""
        self.service_tokens = ServiceTokens(
            identity.service_secret.get_secret_value(),
            name,
            [one.get_secret_value() for one in identity.service_secret_previous],
        )
        """Proves this service to others, and others to it."""
        self.draining = asyncio.Event()
        """Set when the process has been told to end: loops that wait for work look at it."""
        self._channels = Channels(settings, self.service_tokens, telemetry)
        self._background = Background(log)
        self._resources = AsyncExitStack()
        self._keys: KeySource | None = None
        self._objects: Objects | None = None
        self._bus: Bus | None = None

    async def __aenter__(self) -> Self:
        self._resources.push_async_callback(self._channels.close)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._background.close()
        await self._resources.aclose()

    @property
    def keys(self) -> KeySource:
        """The public keys of access tokens: asked of AccountService, unless `use_keys` named another source."""
        if self._keys is None:
            self._keys = FetchedKeys(jwks_from(self.channel(ISSUING_SERVICE)))
        return self._keys

    def use_keys(self, source: KeySource) -> None:
        """Verify access tokens with these keys; the issuer itself must not ask itself over the network."""
        self._keys = source

    def key_file(self, path: Path) -> KeyFile:
        """The keys in a file, which is made where there is none and followed when it changes. Raises KeyFileError."""
        return KeyFile(path, lambda error: self.log.error("the keys that were known stay in force", cause=str(error)))

    def channel(self, service: str) -> grpc.aio.Channel:
        """The channel to another service by name; one a process. Raises ConfigurationError for an unknown one."""
        return self._channels.to(service)

    async def tables(self, schema: Schema) -> Tables:
        """Open this service's tables; errors as `mesh.tables.open_tables`.

        A cluster that is starting is waited for, and Unavailable when it does not answer within TABLES_WITHIN.
        """
        from mesh.tables import Unavailable, open_tables

        url, make = self.settings.tables_url(self.name), self.settings.tables.migrate == "auto"
        loop = asyncio.get_running_loop()
        give_up = loop.time() + TABLES_WITHIN.total_seconds()
        told = False
        while True:
            try:
                return await self._resources.enter_async_context(open_tables(url, schema, make=make))
            except Unavailable as error:
                if loop.time() > give_up:
                    raise
                if not told:
                    self.log.warning("waiting for the tables", cause=str(error))
                told = True
            await asyncio.sleep(_PAUSE)

    async def objects(self) -> Objects:
        """The object store; one client a process."""
        if self._objects is None:
            from mesh.objects import connect_objects

            self._objects = await self._resources.enter_async_context(connect_objects(self.settings.objects))
        return self._objects

    async def bus(self) -> Bus:
        """The bus; one connection a process."""
        if self._bus is None:
            from mesh.bus import connect_bus

            self._bus = await self._resources.enter_async_context(connect_bus(self.settings.bus, self.name))
        return self._bus

    def background(self, work: Callable[[], Awaitable[Any]], name: str) -> None:
        """Run `work()` beside the calls; when it raises it is logged and, after a pause, called again.

        It is a function and not a coroutine, because a coroutine cannot be run twice. Cancelled when the process ends,
        after the last call was answered and before anything is closed.
        """
        self._background.start(work, name)

    def on_close(self, close: Callable[[], Awaitable[None]]) -> None:
        """Call this at the end, before what was opened earlier is closed."""
        self._resources.push_async_callback(close)
