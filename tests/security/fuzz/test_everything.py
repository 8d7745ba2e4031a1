"""Whatever is sent, to every method by every face: an answer in time, with a reason that the contract names."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from random import Random
from typing import Final

import httpx
import pytest

from tests.e2e.chaos.clips import clip
from tests.e2e.people import somebody
from tests.e2e.uploading import upload
from tests.security.fuzz.__main__ import drive
from tests.security.fuzz.media import bent, same
from tests.security.matrix.media import everything
from tests.security.matrix.scene import PRIVATE, PUBLIC, UNLISTED, Scene

CALLS: Final = int(os.environ.get("VIDMESH_TEST_FUZZ_CALLS", "10000"))
SEED: Final = int(os.environ.get("VIDMESH_TEST_FUZZ_SEED", "1"))
ADDRESSES: Final = 10_000
AT_ONCE: Final = 16
BYTES: Final = frozenset({200, 206, 304})

pytestmark = [
    pytest.mark.stack,
    pytest.mark.timeout(600),
    # Its verdicts of bent paths are not settled: answers that are right are still called wrong, about one in 2,000.
    pytest.mark.soak,
]


async def open_by_bending(edge_url: str, urls: list[str], seed: int) -> list[str]:
    """Of many bent addresses those that were answered with media though they are none of these."""
    through: list[str] = []
    numbers = iter(range(ADDRESSES))

    async def caller(client: httpx.AsyncClient) -> None:
        for number in numbers:
            verb, path, headers = bent(Random(f"{seed}:{number}"), urls)
            try:
                reply = await client.request(
                    verb, httpx.URL(edge_url).copy_with(raw_path=path.encode()), headers=headers
                )
            except httpx.RemoteProtocolError:
                continue  # What is no HTTP at all is cut off.
            if reply.status_code in BYTES and reply.content and not same(path, urls):
                through.append(f"{reply.status_code} {verb} {path} {headers}")
            assert reply.status_code < 500 or reply.status_code == 503, (reply.status_code, verb, path, headers)

    async with httpx.AsyncClient(timeout=20) as client, asyncio.TaskGroup() as group:
        for _ in range(AT_ONCE):
            group.create_task(caller(client))
    return through


async def test_no_bent_address_opens_media(own_scene: Scene) -> None:
    edge = own_scene.owner.person.edge
    urls = [url for one in (PUBLIC, UNLISTED, PRIVATE) for url in everything(edge, own_scene.ids[one]).values()]

    assert await open_by_bending(own_scene.stack.edge_url, urls, SEED) == []


async def test_no_request_meets_a_defect_a_silence_or_a_failure_without_a_reason(own_scene: Scene) -> None:
    record = await drive(own_scene, SEED, 0, CALLS)

    assert record.failures == []
    assert sum(record.methods.values()) == CALLS


def test_after_all_of_it_no_process_has_ended_and_an_upload_becomes_a_video(own_scene: Scene, tmp_path: Path) -> None:
    parts = own_scene.stack.status()["parts"]

    assert {part["name"]: part["restarts"] for part in parts if part["restarts"]} == {}
    assert upload(somebody(own_scene.stack), clip(tmp_path / "clip.mp4"), seconds=90)
