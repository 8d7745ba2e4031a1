"""Whatever is sent, to every method by every face: an answer in time, with a reason that the contract names."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from random import Random
from typing import Final
from urllib.parse import urlsplit

import pytest

from tests.e2e.chaos.clips import clip
from tests.e2e.people import somebody
from tests.e2e.uploading import upload
from tests.security.fuzz.__main__ import drive
from tests.security.fuzz.addresses import is_page, page_at
from tests.security.fuzz.http1 import Answer, Http1, LostError
from tests.security.fuzz.media import bent, same
from tests.security.matrix.media import everything
from tests.security.matrix.scene import PRIVATE, PUBLIC, UNLISTED, Scene

CALLS: Final = int(os.environ.get("VIDMESH_TEST_FUZZ_CALLS", "10000"))
SOAK_CALLS: Final = int(os.environ.get("VIDMESH_TEST_FUZZ_SOAK_CALLS", "1000000"))
SEED: Final = int(os.environ.get("VIDMESH_TEST_FUZZ_SEED", "1"))
ADDRESSES: Final = 10_000
AT_ONCE: Final = 16
PATIENCE: Final = 30
"""Seconds for an answer."""
BYTES: Final = frozenset({200, 206, 304})

pytestmark = [pytest.mark.stack, pytest.mark.timeout(600)]


async def open_by_bending(edge_url: str, urls: list[str], seed: int) -> list[str]:
    """Of many bent addresses those that were answered with media though they are none of these, or not rightly."""
    found: list[str] = []
    numbers = iter(range(ADDRESSES))
    http = Http1(edge_url)

    async def caller() -> None:
        for number in numbers:
            verb, path, headers = bent(Random(f"{seed}:{number}"), urls)
            answer = await asked(http, verb, path, headers)
            if answer is None:
                continue
            page = page_at(verb, path) and is_page(answer.body)
            through = answer.status in BYTES and answer.body and not page and not same(path, urls)
            if through or not answer.status or (answer.status >= 500 and answer.status != 503):
                found.append(f"{answer.status} {verb} {path} {headers} (seed {seed}, number {number})")

    async with asyncio.TaskGroup() as group:
        for _ in range(AT_ONCE):
            group.create_task(caller())
    # The same way of asking opens the true ones, so what is found says something.
    for url in urls:
        answer = await asked(http, "GET", urlsplit(url).path, {})
        if answer is None or answer.status not in BYTES or not answer.body:
            found.append(f"not opened by its own address: {url}")
    await http.close()
    return found


async def asked(http: Http1, verb: str, path: str, headers: dict[str, str]) -> Answer | None:
    """The answer, with status 0 where none came in time; None where the edge hung up, as it does on what is no HTTP."""
    answer = Answer()
    try:
        async with asyncio.timeout(PATIENCE):
            await http.send(answer, verb, path, headers)
    except LostError:
        return None
    except TimeoutError:
        answer.status = 0
    return answer


async def test_no_bent_address_opens_media(own_scene: Scene) -> None:
    edge = own_scene.owner.person.edge
    urls = [url for one in (PUBLIC, UNLISTED, PRIVATE) for url in everything(edge, own_scene.ids[one]).values()]

    assert await open_by_bending(own_scene.stack.edge_url, urls, SEED) == []


async def test_no_request_meets_a_defect_a_silence_or_a_failure_without_a_reason(own_scene: Scene) -> None:
    record = await drive(own_scene, SEED, 0, CALLS)

    assert record.failures == []
    assert sum(record.methods.values()) == CALLS
    assert record.unheard <= CALLS // 100


@pytest.mark.soak
@pytest.mark.timeout(12 * 3600)
async def test_no_request_of_very_many_does_either(own_scene: Scene) -> None:
    record = await drive(own_scene, SEED, CALLS, SOAK_CALLS)

    assert record.failures == []
    assert sum(record.methods.values()) == SOAK_CALLS
    assert restarts(own_scene) == {}


def test_after_all_of_it_no_process_has_ended_and_an_upload_becomes_a_video(own_scene: Scene, tmp_path: Path) -> None:
    assert restarts(own_scene) == {}
    person = somebody(own_scene.stack)
    assert upload(person, clip(tmp_path / "clip.mp4"), seconds=90)
    person.edge.close()


def restarts(scene: Scene) -> dict[str, int]:
    """How often each part of the stack has ended by itself; parts that never did are left out."""
    return {part["name"]: part["restarts"] for part in scene.stack.status()["parts"] if part["restarts"]}
