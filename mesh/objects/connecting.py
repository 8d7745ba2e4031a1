"""Opening the one S3 client of a process, when it is first needed or soon after the start, whichever comes first."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from importlib import import_module
from typing import Any, Final

from mesh.config import ObjectSettings
from mesh.objects.client import Objects
from mesh.tasks import end

CONCURRENCY: Final = 64
"""Calls of one process that run at once, and connections it keeps."""

_WARM_AFTER: Final = 4.0
"""Seconds after which the client is opened though nobody has called: the start of a stack is over by then."""


@asynccontextmanager
async def connect_objects(settings: ObjectSettings, *, concurrency: int = CONCURRENCY) -> AsyncGenerator[Objects]:
    """The object store for the length of the block. Once a process.

    Nothing is sent yet, so a store that is down shows in the first call. The S3 library is a second of processor time
    to load, which a starting process has better uses for: that is done in a thread, for the first call or
    some seconds later.
    """
    async with AsyncExitStack() as stack:
        opening = asyncio.Lock()
        opened: list[Any] = []

        async def client() -> Any:
            if not opened:
                async with opening:
                    if not opened:
                        opened.append(await stack.enter_async_context(await _client(settings, concurrency)))
            return opened[0]

        async def warm() -> None:
            await asyncio.sleep(_WARM_AFTER)
            await client()

        warming = asyncio.create_task(warm(), name="objects-warming")
        try:
            yield Objects(client, settings, concurrency)
        finally:
            await end([warming])


async def _client(settings: ObjectSettings, concurrency: int) -> Any:
    aioboto3: Any = await asyncio.to_thread(import_module, "aioboto3")
    from aiobotocore.config import AioConfig
    from botocore.handlers import add_expect_header

    config: Any = AioConfig(
        signature_version="s3v4",
        connect_timeout=3,
        # Between two pieces of an answer. A store that vanished without a word is noticed by this alone.
        read_timeout=10,
        # Standard mode waits at random up to 2^n seconds between attempts.
        retries={"mode": "standard", "total_max_attempts": 4},
        max_pool_connections=concurrency,
        # The signed checksum header vouches for the bytes; signing the payload too would hash it on the event loop.
        s3={"addressing_style": "path", "payload_signing_enabled": False},
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
    )
    session: Any = aioboto3.Session(
        aws_access_key_id=settings.access_key,
        aws_secret_access_key=settings.secret_key.get_secret_value(),
        region_name=settings.region,
    )
    # With `Expect: 100-continue` a body waits for the store's word, and aiohttp waits without any limit.
    session.events.unregister("before-call.s3", add_expect_header)
    return session.client("s3", endpoint_url=settings.endpoint, config=config)
