"""The disk is full, or nearly: errors come in time and say what they are, and writing goes on when there is room."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Generator
from pathlib import Path

import httpx
import pytest

from tests.e2e.faults.asking import AWAY
from tests.e2e.faults.journeys import patiently
from tests.e2e.people import Person, somebody
from tests.e2e.stacks import StartStack

PATIENCE = 40.0
"""Seconds within which every call has to be answered, well or not."""

pytestmark = pytest.mark.stack


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
    made = patiently(lambda: person.post("/v1/uploads", _small_upload(person, 1000)), time.monotonic() + 60)
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
