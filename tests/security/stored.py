"""What the object store of a stack really holds."""

from __future__ import annotations

import asyncio

from mesh.config import load_settings
from mesh.objects.connecting import connect_objects
from tests.e2e.stacks import Stack


def sizes(stack: Stack, prefix: str) -> list[int]:
    """Of the objects whose key begins so, in the bucket of sources and in that of media; of the first hundred each."""

    async def listed() -> list[int]:
        settings = load_settings(stack.data / "run/config.toml").objects
        async with connect_objects(settings) as objects:
            buckets = (settings.source_bucket, settings.media_bucket)
            pages = [await objects.list(bucket, prefix, limit=100) for bucket in buckets]
            return [one.size for page in pages for one in page.objects]

    return asyncio.run(listed())
