"""Parts stand still, or their disk is full: errors come in time and say what they are, and all goes on by itself.

- While a part is away, a call that needs it is answered within the time that its contract allows: UNAVAILABLE,
  DEADLINE_EXCEEDED or RESOURCE_EXHAUSTED, and never INTERNAL.
- What was acknowledged before or meanwhile is there afterwards.
- Afterwards everything goes on without anybody's help, and each upload becomes one processed video.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Callable, Generator, Iterator
from pathlib import Path

import httpx
import pytest

from tests.e2e.pausing import paused
from tests.e2e.people import CLIP, Person, somebody
from tests.e2e.stacks import Stack, StartStack
from tests.e2e.uploading import begin, processing, send, wait_for

AWAY = {429, 503, 504}
"""RESOURCE_EXHAUSTED, UNAVAILABLE and DEADLINE_EXCEEDED as HTTP says them."""

PATIENCE = 40.0
"""Seconds within which every call has to be answered, well or not."""

pytestmark = pytest.mark.stack


@pytest.fixture
def owner(stack: Stack) -> Iterator[Person]:
    person = somebody(stack)
    person.edge.timeout = httpx.Timeout(PATIENCE)
    yield person
    person.edge.close()


def _patiently(call: Callable[[], httpx.Response], seconds: float = 60) -> httpx.Response:
    """Repeats a call for as long as a part that it needs is away; any other failure is one."""
    give_up = time.monotonic() + seconds
    while (answer := call()).status_code in AWAY:
        assert time.monotonic() < give_up, answer.text
        time.sleep(0.3)
    return answer.raise_for_status()


def _complete(person: Person, created: dict[str, str]) -> None:
    _patiently(lambda: person.post(f"/v1/uploads/{created['upload_id']}:complete", {}))


def _processed_once(person: Person, video_id: str) -> None:
    wait_for(person, video_id, "PROCESSED", 100)
    files = person.get(f"/v1/videos/{video_id}/files").raise_for_status().json()["files"]
    assert [file["quality"] for file in files] == ["360p", "720p", "audio"]


def _pause_in_processing(stack: Stack, owner: Person, part: str, seconds: float) -> None:
    created = begin(owner)["upload"]
    send(owner, CLIP, created)
    _complete(owner, created)
    give_up = time.monotonic() + 30
    while not processing(owner, created["video_id"]).get("renditions"):
        assert time.monotonic() < give_up
        time.sleep(0.05)
    with paused(stack, part):
        time.sleep(seconds)
    give_up = time.monotonic() + 100
    while owner.get(f"/v1/videos/{created['video_id']}/processing").status_code in AWAY:
        assert time.monotonic() < give_up
        time.sleep(0.3)
    _processed_once(owner, created["video_id"])


@pytest.mark.parametrize("part", ["svc_upload", "objects"])
def test_a_call_to_a_part_that_stands_still_is_answered_in_time_and_the_upload_goes_on(
    stack: Stack, owner: Person, part: str
) -> None:
    created = begin(owner)["upload"]
    send(owner, CLIP, created)
    with paused(stack, part):
        began = time.monotonic()
        answer = owner.post("/v1/uploads", _small_upload(owner, 1))
        assert time.monotonic() - began < PATIENCE
        # Beginning an upload needs no objects.
        assert answer.status_code in (AWAY if part == "svc_upload" else {200, *AWAY}), answer.text
    _complete(owner, created)
    _processed_once(owner, created["video_id"])


@pytest.mark.timeout(200)
@pytest.mark.parametrize("part", ["worker-1"])
def test_processing_goes_on_after_a_part_stood_still(stack: Stack, owner: Person, part: str) -> None:
    _pause_in_processing(stack, owner, part, 8)


@pytest.mark.soak
@pytest.mark.parametrize("part", ["svc_upload", "svc_transcode", "bus", "objects", "volumes", "edge", "worker-1"])
def test_processing_goes_on_after_a_part_stood_still_for_a_minute(stack: Stack, owner: Person, part: str) -> None:
    _pause_in_processing(stack, owner, part, 60)


def test_a_disk_that_is_nearly_full_refuses_new_uploads_first(start_stack: StartStack) -> None:
    """No upload begins that would leave less than the reserve; everything else works."""
    more_than_there_is = 1 << 60
    stack = start_stack(configuration=f"\n[upload]\nmin_free_bytes = {more_than_there_is}\n")
    person = somebody(stack)
    answer = person.post("/v1/uploads", _small_upload(person, 1))
    assert answer.status_code == 429, answer.text
    assert "STORAGE_LOW" in answer.text
    assert person.get("/v1/accounts/me/channels").status_code == 200
    person.edge.close()


@pytest.fixture
def small_disk(tmp_path: Path) -> Generator[Path]:
    """A file system of 24 MB."""
    if sys.platform != "linux" or os.geteuid() != 0:
        pytest.skip("only root may mount a small file system")
    place = tmp_path / "small"
    place.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", str(place)], capture_output=True, text=True, check=False
    )
    if mounted.returncode != 0:
        pytest.skip(f"this container forbids mounting: {mounted.stderr.strip()}")
    try:
        yield place
    finally:
        subprocess.run(["umount", "-l", str(place)], check=False)


@pytest.mark.sqlite("a full disk of a cluster is told by the cluster")
def test_a_full_disk_of_tables_refuses_writes_keeps_what_was_acknowledged_and_works_again_when_there_is_room(
    start_stack: StartStack, small_disk: Path
) -> None:
    stack = start_stack(configuration=f'\n[tables]\nurl = "sqlite://{small_disk}/{{service}}.db"\n')
    person = somebody(stack)
    person.edge.timeout = httpx.Timeout(PATIENCE)
    filling = small_disk / "filling"
    with filling.open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while file.write(bytes(4096)):
            pass
    acknowledged: list[str] = []
    refused: httpx.Response | None = None
    for number in range(400):
        made = person.post("/v1/uploads", _small_upload(person, number))
        if made.status_code != 200:
            refused = made
            break
        acknowledged.append(made.json()["upload"]["upload_id"])
    assert refused is not None, "the disk is not full"
    assert refused.status_code in AWAY, refused.text
    assert person.get("/v1/accounts/me/channels").status_code == 200
    filling.unlink()
    made = _patiently(lambda: person.post("/v1/uploads", _small_upload(person, 1000)))
    acknowledged.append(made.json()["upload"]["upload_id"])
    for upload_id in acknowledged:
        assert person.get(f"/v1/uploads/{upload_id}").status_code == 200
    person.edge.close()


def _small_upload(person: Person, number: int) -> dict[str, object]:
    return {
        "request_id": f"00000000-0000-4000-8000-{number:012d}",
        "channel_id": person.channel_id,
        "size_bytes": "1000",
        "filename": "a.mp4",
        "video": {"title": f"{number} " + "x" * 60},
    }
