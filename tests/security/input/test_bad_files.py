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

pytestmark = pytest.mark.timeout(240)

ENDS = {"PROCESSING_STATE_PROCESSED", "PROCESSING_STATE_FAILED"}


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_a_bad_file_comes_to_its_end_and_harms_nobody(
    small_stack: Stack, creator: Person, canary: Canary, heard: Heard, tmp_path: Path, file: BadFile
) -> None:
    path = tmp_path / "bunny.mp4"
    path.write_bytes(file.made(canary))
    worker = small_stack.part("worker-1")["pid"]
    now = ended(creator, path, file)
    if file.end == PROCESSED:
        assert now["state"] == "PROCESSING_STATE_PROCESSED", now
        assert float(now["duration"].removesuffix("s")) < file.lasts
    else:
        assert now["failure_reason"] == f"FAILURE_REASON_{file.end}", now
        assert re.fullmatch(r"[A-Z][^/\\_]*\.", now["failure_message"]), "a sentence, without names from within"
    assert heard == []
    assert children(worker) == []
    part = small_stack.part("worker-1")
    assert (part["pid"], part["state"]) == (worker, "ready")


def test_after_all_of_them_a_good_video_is_processed(creator: Person) -> None:
    upload(creator, CLIP)


def test_a_file_of_nothing_is_refused_before_it_is_uploaded(creator: Person, tmp_path: Path) -> None:
    path = tmp_path / "bunny.mp4"
    path.write_bytes(b"")
    body = {"channel_id": creator.channel_id, "size_bytes": "0", "filename": "a.mp4", "video": {"title": "Nothing"}}
    answer = creator.post("/v1/uploads", body)
    assert answer.status_code == 400
    assert "size_bytes" in answer.text


def ended(person: Person, path: Path, file: BadFile) -> dict[str, Any]:
    created = begin(person, path, file.name)
    send(person, path, created["upload"])
    person.post(f"/v1/uploads/{created['upload']['upload_id']}:complete", {}).raise_for_status()
    give_up = time.monotonic() + file.seconds
    while (now := processing(person, created["video"]["video_id"]))["state"] not in ENDS:
        assert time.monotonic() < give_up, f"no end within {file.seconds} s: {now}"
        time.sleep(0.2)
    return now


def children(of: int) -> list[str]:
    """What the worker still runs."""
    listed = subprocess.run(["ps", "--ppid", str(of), "-o", "args="], capture_output=True, text=True, check=False)
    return listed.stdout.splitlines()
