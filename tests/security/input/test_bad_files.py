"""What is uploaded and is no good: each file comes to the end that `files.py` says, in time, and harms nobody."""

from __future__ import annotations

import re
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.people import CLIP, Person
from tests.e2e.stacks import Stack
from tests.e2e.uploading import begin, processing, send, upload
from tests.security.input.conftest import Heard
from tests.security.input.files import FILES, PROCESSED, BadFile, Canary
from tests.security.stored import sizes

pytestmark = pytest.mark.timeout(240)

PURGED_WITHIN = 60
"""Seconds from a deletion, of which it can be taken back for two."""
FINISHED_WITHIN = 60
"""Seconds from the end of a processing until what is made after it, such as the storyboard, is made as well."""
ENDS = {"PROCESSING_STATE_PROCESSED", "PROCESSING_STATE_FAILED"}


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_a_bad_file_comes_to_its_end_and_harms_nobody(
    small_stack: Stack, creator: Person, canary: Canary, heard: Heard, tmp_path: Path, file: BadFile
) -> None:
    path = tmp_path / "bunny.mp4"
    path.write_bytes(file.made(canary))
    worker = small_stack.part("worker-1")["pid"]
    created = sent(creator, path, file.name)
    now = end(creator, created["video"]["video_id"], file.seconds)
    if file.end == PROCESSED:
        assert now["state"] == "PROCESSING_STATE_PROCESSED", now
        assert float(now["duration"].removesuffix("s")) < file.lasts
    else:
        assert now["failure_reason"] == f"FAILURE_REASON_{file.end}", now
        assert re.fullmatch(r"[A-Z][^/\\_]*\.", now["failure_message"]), "a sentence, without names from within"
        assert sum(sizes(small_stack, f"u/{created['upload']['upload_id']}/")) == path.stat().st_size, "it is kept"
    assert heard == []
    nothing_runs_of(worker)
    part = small_stack.part("worker-1")
    assert (part["pid"], part["state"]) == (worker, "ready")


ONE_OF_EACH = (
    "a text",
    "an Ogg",
    "ten pictures in ten hours",
    "an MP4 cut in its media",
    "two thousand million times",
)
"""For each way to fail, a file."""


def test_there_is_one_for_each_way_to_fail() -> None:
    assert {file.end for file in FILES if file.name in ONE_OF_EACH} == {file.end for file in FILES} - {PROCESSED}


@pytest.mark.parametrize("name", ONE_OF_EACH)
def test_what_failed_can_be_tried_again_and_goes_with_its_source_when_it_is_deleted(
    small_stack: Stack, creator: Person, canary: Canary, tmp_path: Path, name: str
) -> None:
    file = next(file for file in FILES if file.name == name)
    path = tmp_path / "bunny.mp4"
    path.write_bytes(file.made(canary))
    created = sent(creator, path, name)
    video_id, source = created["video"]["video_id"], f"u/{created['upload']['upload_id']}/"
    first = end(creator, video_id, file.seconds)

    creator.post(f"/v1/videos/{video_id}/processing:retry", {}).raise_for_status()
    second = end(creator, video_id, file.seconds, other_than=first["start_time"])
    for told in ("failure_reason", "failure_message"):
        assert second[told] == first[told]
    assert sum(sizes(small_stack, source)) == path.stat().st_size

    creator.edge.delete(f"/v1/videos/{video_id}").raise_for_status()
    give_up = time.monotonic() + PURGED_WITHIN
    while sizes(small_stack, source):
        assert time.monotonic() < give_up, "the source of a deleted video is still there"
        time.sleep(0.5)
    assert sizes(small_stack, f"v/{video_id}/") == []
    assert creator.get(f"/v1/videos/{video_id}").status_code == 404


def test_after_all_of_them_a_good_video_is_processed(creator: Person) -> None:
    upload(creator, CLIP)


def test_a_file_of_nothing_is_refused_before_it_is_uploaded(creator: Person, tmp_path: Path) -> None:
    path = tmp_path / "bunny.mp4"
    path.write_bytes(b"")
    body = {"channel_id": creator.channel_id, "size_bytes": "0", "filename": "a.mp4", "video": {"title": "Nothing"}}
    answer = creator.post("/v1/uploads", body)
    assert answer.status_code == 400
    assert "size_bytes" in answer.text


def sent(person: Person, path: Path, title: str) -> dict[str, Any]:
    """What CreateUpload answered for a file that is now there as a whole."""
    created = begin(person, path, title)
    send(person, path, created["upload"])
    person.post(f"/v1/uploads/{created['upload']['upload_id']}:complete", {}).raise_for_status()
    return created


def end(person: Person, video_id: str, seconds: float, other_than: str = "") -> dict[str, Any]:
    """How its processing ended; another than the one that began at this time."""
    give_up = time.monotonic() + seconds
    while (now := processing(person, video_id))["state"] not in ENDS or now["start_time"] == other_than:
        assert time.monotonic() < give_up, f"no end within {seconds} s: {now}"
        time.sleep(0.2)
    return now


def nothing_runs_of(worker: int) -> None:
    """Returns once the worker runs nothing more, which is soon."""
    give_up = time.monotonic() + FINISHED_WITHIN
    while running := children(worker):
        assert time.monotonic() < give_up, f"still running: {running}"
        time.sleep(0.2)


def children(of: int) -> list[str]:
    """What the worker still runs."""
    listed = subprocess.run(["ps", "--ppid", str(of), "-o", "args="], capture_output=True, text=True, check=False)
    return listed.stdout.splitlines()
