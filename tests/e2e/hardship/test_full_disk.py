"""The disk under everything is full for a while: tables, objects, bus, logs.

Invariants: every call is answered in its time, and says that it cannot be done now; what was acknowledged is there and
plays meanwhile; when there is room, all goes on without anybody's help: uploads under way, processing, clients. The
supervisor starts the bus again, which could not go on by itself, and no other part.
"""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.e2e.chaos.clips import clip
from tests.e2e.disks import SmallDisk, small_disk
from tests.e2e.faults.asking import AWAY, Asker, asking_person
from tests.e2e.faults.journeys import being_processed, being_sent, patiently
from tests.e2e.faults.leftovers import nothing_left_over
from tests.e2e.padding import free_box
from tests.e2e.people import Person, sign_up_by_command
from tests.e2e.playing import plays
from tests.e2e.stacks import Stack, end, start
from tests.e2e.uploading import upload

DISK = 16 << 10
"""Megabytes: the object store wants room for some volumes of a gigabyte each."""
LARGE = 60_000_000
"""Bytes of what the command line sends: long enough on its way to be stopped on it."""

CONFIGURATION = """\
# The table [transcode] goes on.
sweep_every = 3
leftovers_after = 3
"""

pytestmark = [pytest.mark.stack, pytest.mark.timeout(400), pytest.mark.sqlite("the disk of the tables is full")]


@dataclass(frozen=True, slots=True)
class Machine:
    """A stack whose data have a small disk of their own."""

    disk: SmallDisk
    stack: Stack
    clip: Path


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    folder = tmp_path_factory.mktemp("machine")
    with small_disk(folder / "data", DISK) as disk:
        try:
            yield Machine(disk, start(disk.place, configuration=CONFIGURATION), clip(folder / "clip.mp4"))
        finally:
            end(disk.place)


@dataclass(frozen=True, slots=True)
class Viewer:
    """Somebody who watches, and whose player reports."""

    person: Person
    token: str
    seqs: Iterator[int] = field(default_factory=lambda: count(1))

    def report(self) -> httpx.Response:
        """A fact that goes to the bus and nowhere else."""
        events: list[dict[str, Any]] = [{"seq": next(self.seqs), "watched": {}}]
        return self.person.post("/v1/playback:report", {"session_token": self.token, "events": events})

    def report_until_refused(self) -> httpx.Response:
        """The end of the last block that the bus has may have room for some."""
        for _ in range(2000):
            if (answer := self.report()).status_code != 200:
                return answer
        raise AssertionError("the bus has room without end")


@contextmanager
def sending_by_command(stack: Stack, folder: Path) -> Generator[subprocess.Popen[str]]:
    """`vidmesh upload` of a large file, stopped when its first parts were sent."""
    file = folder / "large.mp4"
    clip(file)
    with file.open("ab") as more:
        more.write(free_box(LARGE))
        more.truncate(more.tell() + LARGE)
    words = ("upload", str(file), "--title", "Large", "--wait", "complete", "--json", "--data", str(stack.data))
    with subprocess.Popen(
        [sys.executable, "-m", "mesh.cli", *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        parts = stack.data / "objects" / "volumes"
        before = _size(parts)
        give_up = time.monotonic() + 60
        while _size(parts) < before + LARGE // 4:
            assert process.poll() is None, process.communicate()
            assert time.monotonic() < give_up
            time.sleep(0.01)
        process.send_signal(signal.SIGSTOP)
        try:
            yield process
        finally:
            process.kill()


def _size(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.glob("*.dat"))


def all_goes_on(machine: Machine, folder: Path, seconds: float) -> None:
    """Nothing is free on the disk for so many seconds; then there is room again."""
    stack = machine.stack
    sign_up_by_command(stack)
    with asking_person(stack) as owner:
        video_id = upload(owner, machine.clip)
        owner.publish(video_id, "PUBLIC")
        segments = plays(owner, video_id)
        token = owner.playback(video_id).raise_for_status().json()["playback"]["session_token"]
        viewer, asker = Viewer(owner, token), Asker(owner, video_id)
        viewer.report().raise_for_status()
        sent, processed = being_sent(owner, machine.clip), being_processed(owner, machine.clip)
        with sending_by_command(stack, folder) as client:
            with machine.disk.full():
                until = time.monotonic() + seconds
                client.send_signal(signal.SIGCONT)
                asker.begin()
                try:
                    assert viewer.report_until_refused().status_code in AWAY
                    assert plays(owner, video_id) == segments
                    refused = owner.post("/v1/uploads", _new_upload(owner))
                    assert refused.status_code == 429
                    assert "STORAGE_LOW" in refused.text
                    time.sleep(max(0.0, until - time.monotonic()))
                    assert client.poll() is None, client.communicate()
                finally:
                    asker.end()
            again = time.monotonic()
            out, told = client.communicate(timeout=150)
            assert client.returncode == 0, told
            assert json.loads(out)["processing_state"] == "PROCESSED"
        assert "Parts are not taken at the moment" in told
        sent.finish_sending(60)
        for journey in (sent, processed):
            journey.wait_processed(90)
        patiently(viewer.report, again + 60)
        print(f"all was well {time.monotonic() - again:.1f} s after there was room")
        asker.check()
        assert plays(owner, video_id) == segments
        assert {part["name"] for part in stack.status()["parts"] if part["restarts"]} == {"bus"}
        nothing_left_over(stack, (sent, processed), 30)


def test_all_goes_on_after_the_disk_was_full(machine: Machine, tmp_path: Path) -> None:
    all_goes_on(machine, tmp_path, 12)


@pytest.mark.soak
def test_all_goes_on_after_the_disk_was_full_for_so_long_that_the_store_stopped_writing(
    machine: Machine, tmp_path: Path
) -> None:
    """SeaweedFS looks at its disk once a minute, and closes its volumes where less than a hundredth is free."""
    all_goes_on(machine, tmp_path, 75)


def _new_upload(person: Person) -> dict[str, object]:
    return {
        "request_id": "00000000-0000-4000-8000-000000000001",
        "channel_id": person.channel_id,
        "size_bytes": "1000",
        "filename": "a.mp4",
        "video": {"title": "There is no room for it"},
    }
