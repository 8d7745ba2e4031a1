"""`vidmesh demo` as somebody meets it who has just cloned the project."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import psutil
import pytest

from tests.e2e.stacks import tables_variables, vidmesh

if TYPE_CHECKING:
    from tests.e2e.stacks import Stack

pytestmark = pytest.mark.stack


def processes_of(data: Path) -> list[psutil.Process]:
    return [p for p in psutil.process_iter(["cmdline"]) if str(data) in " ".join(p.info["cmdline"] or ())]


def test_the_demo_plays_the_clip_back_and_leaves_nothing_running(tmp_path: Path) -> None:
    data = tmp_path / "data"
    done = vidmesh("demo", "--data", str(data), "--port", "0", timeout=110, **tables_variables(data))
    assert done.returncode == 0, done.stdout + done.stderr
    for told in ("started everything", "playable", "read back and decoded", "/master.m3u8", "Everything is stopped."):
        assert told in done.stdout
    assert (data / "demo.json").stat().st_mode & 0o777 == 0o600
    assert processes_of(data) == []


def test_a_file_that_is_no_video_ends_the_demo_with_a_sentence_and_leaves_a_stack_that_ran_before(
    stack: Stack, tmp_path: Path
) -> None:
    junk = tmp_path / "junk.mp4"
    junk.write_bytes(b"not a video" * 1000)
    done = stack.vidmesh("demo", str(junk))
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "cannot be processed" in done.stderr
    assert stack.status()["state"] == "ready"


def test_without_its_file_the_demo_starts_nothing(tmp_path: Path) -> None:
    done = vidmesh("demo", str(tmp_path / "nowhere.mp4"), "--data", str(tmp_path / "data"))
    assert done.returncode == 1
    assert done.stderr == f"vidmesh: There is no file {tmp_path / 'nowhere.mp4'}.\n"
    assert not (tmp_path / "data").exists()
