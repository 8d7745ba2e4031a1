"""From a file to a playing video by the command line, on the real stack, and what may die on the way."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.e2e.padding import free_box
from vidmesh.client import Client
from vidmesh.client.files import read_json
from vidmesh.client.places import find_place
from vidmesh.client.readback import TrackRead, read_back
from vidmesh.upload.v1.upload_pb2 import Upload, UploadState
from vidmesh.upload.v1.upload_service_pb2 import GetUploadRequest

if TYPE_CHECKING:
    from tests.e2e.stacks import Stack

pytestmark = pytest.mark.stack

CLIP = Path(__file__).parents[1] / "media" / "bigbuckbunny.mp4"
CLIP_SECONDS = 5.312
PASSWORD = "correct horse battery"
LARGE = 400_000_000
"""Bytes; long enough on its way for somebody to be killed meanwhile."""


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody with a home folder of their own, who knows the address of an edge."""

    home: Path
    url: str

    @property
    def environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("VIDMESH_", "XDG_"))}
        return kept | {"HOME": str(self.home), "VIDMESH_URL": self.url}

    def begin(self, *words: str) -> subprocess.Popen[str]:
        """A command that goes on by itself."""
        return subprocess.Popen(
            [sys.executable, "-m", "mesh.cli", *words],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=self.environment,
        )

    def run(self, *words: str, timeout: float = 100) -> subprocess.CompletedProcess[str]:
        """A command until it ends."""
        process = self.begin(*words)
        try:
            out, err = process.communicate(timeout=timeout)
        finally:
            process.kill()
        return subprocess.CompletedProcess(words, process.returncode, out, err)

    def told(self, *words: str, timeout: float = 100) -> dict[str, Any]:
        """What a command prints with --json."""
        done = self.run(*words, "--json", timeout=timeout)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def sign_up(self, handle: str) -> None:
        self.told("signup", "--email", f"{handle}@example.org", "--password", PASSWORD, "--handle", handle)

    def journal(self) -> dict[str, Any] | None:
        """The one upload under way."""
        files = list((self.home / ".local" / "state" / "vidmesh" / "uploads").glob("*.json"))
        return read_json(files[0]) if files else None

    def upload(self) -> Upload | None:
        """The one upload under way, as the service sees it."""
        entry = self.journal()
        if entry is None or not entry["upload_id"]:
            return None

        async def ask() -> Upload:
            place = find_place(None, self.environment)
            async with Client(place.url, place.tokens()) as client:
                return (await client.uploads.GetUpload(GetUploadRequest(upload_id=entry["upload_id"]))).upload

        return asyncio.run(ask())


NewPerson = Callable[["Stack", str], Person]


@pytest.fixture
def person(tmp_path: Path) -> NewPerson:
    def made(stack: Stack, handle: str) -> Person:
        home = tmp_path / handle
        home.mkdir()
        one = Person(home, stack.edge_url)
        one.sign_up(handle)
        return one

    return made


@pytest.fixture
def large(tmp_path: Path) -> Path:
    file = tmp_path / "large.bin"
    file.write_bytes(os.urandom(1_000_000) * (LARGE // 1_000_000))
    return file


def half_way(person: Person, process: subprocess.Popen[str]) -> Upload:
    """The upload as soon as some of its parts are confirmed. The command stands still from then on, until SIGCONT.

    It does while it is looked at, too: a busy machine could otherwise see it begin and end in one look.
    """
    give_up = time.monotonic() + 60
    while True:
        assert process.poll() is None, process.communicate()
        process.send_signal(signal.SIGSTOP)
        try:
            upload = person.upload()
            if upload is not None and upload.received_part_count:
                return upload
        except BaseException:
            process.kill()
            raise
        process.send_signal(signal.SIGCONT)
        assert time.monotonic() < give_up
        time.sleep(0.05)


def one_sentence(done: subprocess.CompletedProcess[str]) -> str:
    assert done.returncode != 0
    assert done.stdout == ""
    lines = done.stderr.splitlines()
    assert len(lines) == 1, done.stderr
    return lines[0]


def read(url: str) -> list[TrackRead]:
    async def reading() -> list[TrackRead]:
        async with Client(url.partition("/media/")[0]).edge.http() as http:
            return await read_back(http, url)

    return asyncio.run(reading())


def test_a_clip_goes_from_a_file_to_a_playing_video(stack: Stack, person: NewPerson) -> None:
    alice = person(stack, "alice-e2e")
    made = alice.told("upload", str(CLIP), "--title", "First", "--visibility", "private", "--wait", "complete")
    assert set(made) == {
        *("video_id", "processing_state", "duration_seconds", "renditions", "thumbnails"),
        *("hls_url", "dash_url", "timings"),
    }
    assert made["processing_state"] == "PROCESSED"
    assert made["duration_seconds"] == pytest.approx(CLIP_SECONDS, abs=0.02)
    sizes = [(one["quality"], one["width"], one["height"]) for one in made["renditions"]]
    assert sizes == [("360p", 640, 360), ("720p", 1280, 720), ("audio", 0, 0)]
    assert all(len(one["sha256"]) == 64 and one["bytes"] > 0 for one in made["renditions"])
    assert len(made["thumbnails"]) == 4
    assert set(made["timings"]) == {
        *("upload_seconds", "playable_after_upload_seconds", "complete_after_upload_seconds"),
    }
    assert alice.journal() is None

    tracks = read(made["hls_url"])
    assert [track.size for track in tracks] == [one["bytes"] for one in made["renditions"]]
    assert [track.frames for track in tracks[:2]] == [132, 132]

    bob, video = person(stack, "bob-e2e"), made["video_id"]
    assert "no such video" in one_sentence(bob.run("play", video)).lower()
    assert alice.told("videos", "update", video, "--title", "Second", "--tags", "a,b")["tags"] == ["a", "b"]
    assert alice.told("videos", "publish", video)["visibility"] == "PUBLIC"
    assert bob.told("videos", "get", video)["title"] == "Second"
    assert set(bob.told("play", video)) == {"video_id", "hls_url", "dash_url", "expiry"}
    assert read(bob.told("play", video)["hls_url"]) == tracks
    assert [one["video_id"] for one in alice.told("videos", "list")["videos"]] == [video]
    assert alice.told("videos", "delete", video)["status"] == "DELETED"
    one_sentence(bob.run("play", video))
    assert alice.told("videos", "list")["videos"] == []


def test_an_upload_killed_at_any_moment_goes_on_where_it_stopped(stack: Stack, person: NewPerson, large: Path) -> None:
    carol = person(stack, "carol-e2e")
    process = carol.begin("upload", str(large), "--title", "Large")
    upload = half_way(carol, process)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    left = carol.upload()
    assert left is not None
    assert left.state == UploadState.UPLOAD_STATE_ACTIVE, "killed too late to prove anything"

    made = carol.told("upload", str(large), "--title", "Large, again")
    assert made["video_id"] == upload.video_id
    (video,) = carol.told("videos", "list")["videos"]
    assert video["title"] == "Large, again"
    assert carol.journal() is None


@pytest.fixture
def at_a_terminal() -> Iterator[None]:
    """Programs that are started now listen to Ctrl-C, also where these tests run in the background and do not."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("at_a_terminal")
def test_an_interrupted_upload_says_how_to_go_on(stack: Stack, person: NewPerson, large: Path) -> None:
    dave = person(stack, "dave-e2e")
    process = dave.begin("upload", str(large), "--title", "Large")
    upload = half_way(dave, process)
    process.send_signal(signal.SIGINT)
    process.send_signal(signal.SIGCONT)
    _, err = process.communicate(timeout=20)
    assert process.returncode == 130
    assert err == "Interrupted; the same command goes on from here.\n"
    assert dave.told("upload", str(large), "--title", "Large")["video_id"] == upload.video_id


def test_a_changed_file_is_uploaded_anew_and_that_is_said(stack: Stack, person: NewPerson, large: Path) -> None:
    erin = person(stack, "erin-e2e")
    process = erin.begin("upload", str(large), "--title", "Large")
    upload = half_way(erin, process)
    process.kill()
    process.communicate()
    os.truncate(large, 1_000_000)
    done = erin.run("upload", str(large), "--title", "Large", "--json")
    assert "large.bin has changed since its upload began: starting anew." in done.stderr
    assert json.loads(done.stdout)["video_id"] != upload.video_id


def test_an_upload_outlives_the_death_of_the_upload_service_and_of_the_worker(
    stack: Stack, person: NewPerson, tmp_path: Path
) -> None:
    frank = person(stack, "frank-e2e")
    before = {name: stack.part(name)["restarts"] for name in ("svc_upload", "worker-1")}
    # The clip with a box of padding behind it: still a video, and long on its way.
    file = tmp_path / "padded.mp4"
    file.write_bytes(CLIP.read_bytes() + free_box(LARGE) + bytes(LARGE))
    process = frank.begin("upload", str(file), "--title", "Padded", "--wait", "complete", "--json")
    half_way(frank, process)
    stack.kill("svc_upload")
    process.send_signal(signal.SIGCONT)
    assert process.stderr is not None
    while "encoding" not in (line := process.stderr.readline()):
        assert line, process.communicate()
    stack.kill("worker-1")
    out, err = process.communicate(timeout=100)
    assert process.returncode == 0, err
    for name, restarts in before.items():
        assert stack.part(name)["restarts"] == restarts + 1
    made = json.loads(out)
    assert made["processing_state"] == "PROCESSED"
    assert [track.frames for track in read(made["hls_url"])[:2]] == [132, 132]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("login", "--email", "nobody@example.org", "--password", PASSWORD), "password is wrong"),
        (("upload", str(CLIP), "--title", "x", "--channel", "@nobody-at-all"), "channel"),
        (("upload", "nowhere.mp4", "--title", "x"), "No such file"),
        (("upload", str(CLIP), "--title", "x" * 101), "title"),
        (("videos", "get", "abcdefghijk"), "no such video"),
        (("videos", "publish", "abcdefghijk", "--at", "soon"), "not a time"),
        (("signup", "--email", "x", "--password", PASSWORD, "--handle", "xyz"), "email"),
    ],
)
def test_an_error_is_one_sentence(
    stack: Stack, person: NewPerson, words: tuple[str, ...], sentence: str, request: pytest.FixtureRequest
) -> None:
    grace = person(stack, f"grace-e2e-{abs(hash(request.node.name)) % 100_000}")
    assert sentence.lower() in one_sentence(grace.run(*words)).lower()


def test_where_nothing_runs_the_sentence_says_how_to_start(tmp_path: Path) -> None:
    done = Person(tmp_path, "").run("videos", "list", "--data", str(tmp_path / "nowhere"))
    assert "start one with `vidmesh up`" in one_sentence(done)
