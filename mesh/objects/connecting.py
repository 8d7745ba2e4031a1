"""Opening the one S3 client of a process."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any, Final

from mesh.config import ObjectSettings
from mesh.objects.client import Objects

CONCURRENCY: Final = 64
"""Calls of one process that run at once, and connections it keeps."""


@asynccontextmanager
async def connect_objects(settings: ObjectSettings, *, concurrency: int = CONCURRENCY) -> AsyncGenerator[Objects]:
    """The object store for the length of the block. Once a process: setting up reads large models from disk.

    Nothing is sent yet, so a store that is down shows in the first call.
    """
    import aioboto3
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
    async with session.client("s3", endpoint_url=settings.endpoint, config=config) as client:
        yield Objects(client, settings, concurrency)
