"""Connections to the store that fall silent, which nobody has closed, are given up; the calls are made on new ones."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from mesh.local import ports
from mesh.objects import Objects, connect_objects
from mesh.testing.servers import WeedServer
from tests.e2e.faults.relay import LOOPBACK, Relay
from tests.e2e.faults.weather import FAIR, Weather

CONTENT = b"content" * 1000
WITHIN = 25.0
"""Seconds: ten without an answer, a pause before the next attempt, and some for a machine that does other things."""


async def _nobody() -> Mapping[int, str]:
    return {}


@pytest.fixture
async def relay(weed: WeedServer) -> AsyncGenerator[Relay]:
    [port] = ports.reserve(1)
    target = urlsplit(weed.settings.endpoint).port
    assert target is not None
    made = Relay(port, target, _nobody, http=True)
    await made.open()
    yield made
    await made.close()


@pytest.fixture
async def behind(weed: WeedServer, relay: Relay) -> AsyncGenerator[Objects]:
    endpoint = f"http://{LOOPBACK}:{relay.port}"
    async with connect_objects(weed.settings.model_copy(update={"endpoint": endpoint})) as opened:
        await opened.ensure_buckets()
        yield opened


async def test_calls_on_connections_that_fell_silent_are_made_again_on_others(
    behind: Objects, relay: Relay, bucket: str, tmp_path: Path
) -> None:
    file = tmp_path / "file"
    file.write_bytes(CONTENT)
    await asyncio.gather(*(behind.put(bucket, f"silence/{number}", CONTENT) for number in range(4)))
    await relay.change(Weather(silent=True), None)
    async with asyncio.timeout(WITHIN):
        waiting = asyncio.gather(
            behind.put(bucket, "silence/bytes", CONTENT),
            behind.put(bucket, "silence/file", file),
            behind.get(bucket, "silence/0"),
            behind.get_to(bucket, "silence/1", tmp_path / "got"),
            behind.list(bucket, "silence/"),
        )
        # Long enough that each of them has begun on a connection of which nothing comes back any more.
        await asyncio.sleep(2)
        await relay.change(FAIR, None)
        _, _, got, _, listed = await waiting
    assert (got, (tmp_path / "got").read_bytes()) == (CONTENT, CONTENT)
    assert len(listed.objects) >= 4
    assert await behind.get(bucket, "silence/bytes") == await behind.get(bucket, "silence/file") == CONTENT


async def test_a_store_that_is_busy_now_and_then_is_asked_again(behind: Objects, relay: Relay, bucket: str) -> None:
    await relay.change(Weather(busy=0.3), None)
    # One after the other, so that the seeded dice of the relay give the same each time.
    for number in range(6):
        await behind.put(bucket, f"busy/{number}", CONTENT)
    assert relay.refused_requests > 0
    await relay.change(FAIR, None)
    assert len((await behind.list(bucket, "busy/")).objects) == 6
