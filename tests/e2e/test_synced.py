"""What was acknowledged had been synced, part by part, which only the system calls can show.

A part that is killed loses nothing that it has written; a machine that loses power loses what was not synced. So the
parts are watched while somebody uses them, and every write that an answer rests on has to be followed by a sync of
its file before that answer came.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from mesh.bus import connect_bus
from mesh.config import Settings, load_settings
from mesh.objects import connect_objects
from tests.e2e.people import CLIP, somebody
from tests.e2e.stacks import Stack, StartStack
from tests.e2e.tracing import Trace, needs_strace, tracing
from tests.e2e.uploading import begin, send, wait_for
from vidmesh.upload.v1.upload_events_pb2 import VideoChanged

TABLES = r"/tables/{service}\.db(-wal)?$"
SQLITE = pytest.mark.sqlite("a cluster syncs by its own rules; tests/conformance/tables kills one")
STREAMS = r"/bus/.*\.blk$"
VOLUMES = r"/objects/volumes/vidmesh-source_\d+\.dat$"
VOLUME_HEAD = 8
"""Bytes that begin a new volume; they are synced with its first object."""
ENTRIES = r"/objects/meta/filer\.db(-wal)?$"


@dataclass(slots=True)
class Watched:
    """Things that somebody did, with the times between which they were asked for and answered (Unix time)."""

    trace: Trace
    spans: dict[str, tuple[float, float]] = field(default_factory=dict)

    @contextmanager
    def doing(self, what: str) -> Generator[None]:
        since = time.time()
        yield
        self.spans[what] = since, time.time()

    def was_synced(self, what: str, file: str) -> None:
        """The answer rests on writes to these files, and each of them was synced before it came."""
        since, until = self.spans[what]
        writes = [call for call in self.trace.writes(file, since, until) if call.result > VOLUME_HEAD]
        assert writes, f"{what} wrote nothing to {file}"
        # Other writes may be under way when the answer comes: the first is this one's own.
        first = min(writes, key=lambda call: call.ended)
        assert first not in self.trace.unsynced(file, since, until), f"{what} was answered before {first} was synced"


@pytest.fixture(scope="module")
def watched(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Watched:
    """A person signs up, uploads and publishes while every part that keeps something is watched."""
    parts = ("svc_social", "svc_upload", "objects", "volumes")
    pids = [stack.part(name)["pid"] for name in parts]
    with tracing(pids, tmp_path_factory.mktemp("traces")) as trace:
        watched = Watched(trace)
        with watched.doing("SignUp"):
            person = somebody(stack)
        with watched.doing("CreateUpload"):
            created = begin(person)["upload"]
        with watched.doing("parts"):
            send(person, CLIP, created)
        with watched.doing("CompleteUpload"):
            person.post(f"/v1/uploads/{created['upload_id']}:complete", {}).raise_for_status()
        time.sleep(0.5)
        with watched.doing("PublishVideo"):
            person.publish(created["video_id"], "PUBLIC")
        time.sleep(0.5)
    wait_for(person, created["video_id"], "PROCESSED")
    person.edge.close()
    return watched


@needs_strace
@pytest.mark.stack
@pytest.mark.parametrize(
    ("what", "file"),
    [
        pytest.param("SignUp", TABLES.format(service="svc_social"), marks=SQLITE),
        pytest.param("CreateUpload", TABLES.format(service="svc_upload"), marks=SQLITE),
        pytest.param("parts", TABLES.format(service="svc_upload"), marks=SQLITE),
        ("parts", VOLUMES),
        ("parts", ENTRIES),
        pytest.param("CompleteUpload", TABLES.format(service="svc_upload"), marks=SQLITE),
        pytest.param("PublishVideo", TABLES.format(service="svc_upload"), marks=SQLITE),
    ],
)
def test_what_was_acknowledged_had_been_synced(watched: Watched, what: str, file: str) -> None:
    watched.was_synced(what, file)


@needs_strace
def test_a_message_was_synced_when_its_publisher_heard_so(start_stack: StartStack, tmp_path: Path) -> None:
    stack = start_stack(only=("bus",))

    async def publish(watched: Watched) -> None:
        async with connect_bus(_settings(stack).bus, "test") as bus:
            for number in range(5):
                with watched.doing(str(number)):
                    await bus.publish(VideoChanged(video_id=f"video-{number}"), f"event-{number}")

    with tracing([stack.part("bus")["pid"]], tmp_path) as trace:
        watched = Watched(trace)
        asyncio.run(publish(watched))
    for what in watched.spans:
        watched.was_synced(what, STREAMS)


def _settings(stack: Stack) -> Settings:
    return load_settings(stack.data / "run" / "config.toml")


def _with_objects(stack: Stack, key: str, content: bytes | None) -> bytes:
    """Writes an object where there is content, and reads it."""

    async def calls() -> bytes:
        settings = _settings(stack).objects
        async with connect_objects(settings) as objects:
            if content is not None:
                await objects.put(settings.source_bucket, key, content)
            async with asyncio.timeout(20):
                return await objects.get(settings.source_bucket, key)

    return asyncio.run(calls())


def test_objects_are_found_when_a_power_cut_took_the_ends_of_the_volumes_indexes(start_stack: StartStack) -> None:
    foundation = ("bus", "objects", "volumes")
    stack = start_stack(only=foundation)
    content = os.urandom(100_000)
    _with_objects(stack, "u/one/1-x", content)
    stack.stop()
    for index in _indexes(stack.data, lambda size: size >= 17):
        # The data was synced, and the index's last entry was not.
        os.truncate(index, index.stat().st_size - 17)
    again = start_stack(stack.data, only=foundation)
    assert _with_objects(again, "u/one/1-x", None) == content


def _indexes(data: Path, wanted: Callable[[int], bool]) -> list[Path]:
    found = [index for index in (data / "objects/volumes").glob("*.idx") if wanted(index.stat().st_size)]
    assert found
    return found
