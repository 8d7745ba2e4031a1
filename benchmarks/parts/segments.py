"""A segment in the media bucket, read by a grant at the edge and straight from the store."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from benchmarks.parts.http1 import Connection, request
from benchmarks.parts.stack import Stack
from mesh.grants import GrantSigner, media_url
from mesh.keyring import KeyRing
from mesh.objects import connect_objects
from mesh.objects.signing import Credentials, signed_query

VIDEO: Final = "benchmark00"
SIZE: Final = 1_000_000
"""Bytes: four seconds of 2 Mbit/s."""
CONNECTIONS: Final = 8
LIFETIME: Final = timedelta(minutes=30)


@dataclass(frozen=True, slots=True)
class Segment:
    """Where it is read."""

    at_edge: str
    """Whole URL; so below."""
    at_store: str
    content: bytes


async def a_segment(stack: Stack) -> Segment:
    """Puts one into the store as a worker does, and signs both ways to read it."""
    settings = stack.settings
    objects, path = settings.objects, "s/benchmark-1/0.m4s"
    key, content = f"v/{VIDEO}/{path}", os.urandom(SIZE)
    async with connect_objects(objects) as store:
        await store.put(
            objects.media_bucket,
            key,
            content,
            content_type="video/iso.segment",
            cache_control="public, max-age=31536000, immutable",
        )
    signer = GrantSigner(KeyRing.load(settings.file(settings.playback.grant_key_file)))
    token = signer.mint(VIDEO, 1, datetime.now(UTC) + LIFETIME)
    place = f"/{objects.media_bucket}/{key}"
    query = signed_query(
        Credentials(objects.access_key, objects.secret_key.get_secret_value(), objects.region),
        method="GET",
        path=place,
        headers={"host": objects.endpoint.partition("://")[2]},
        payload_sha256="UNSIGNED-PAYLOAD",
        now=datetime.now(UTC),
        lifetime=LIFETIME,
    )
    return Segment(media_url(stack.edge_url, token, VIDEO, path), f"{objects.endpoint}{place}?{query}", content)


def read_often(url: str, times: int) -> float:
    """Reads it so often by several connections at once; bytes in all. Blocking."""
    whole = request(url)

    def some(count: int) -> int:
        with Connection(url) as connection:
            return sum(connection.drain(whole) for _ in range(count))

    with ThreadPoolExecutor(CONNECTIONS) as threads:
        return float(sum(threads.map(some, [times // CONNECTIONS] * CONNECTIONS)))
