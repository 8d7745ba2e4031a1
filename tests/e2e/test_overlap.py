"""Processing follows an upload: most is made before the last byte, and it is what a whole file would have given."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import av
import httpx
import pytest

from mesh.config import load_settings
from mesh.objects import connect_objects
from tests.e2e.chaos.clips import sound
from tests.e2e.people import Person, somebody
from tests.e2e.stacks import Stack
from tests.e2e.uploading import begin, parts_of, processing, send_part, wait_for

SECONDS, RATE = 26, 25
WIDTH, HEIGHT = 256, 144
UNAVAILABLE = 503
PATIENCE = 120
"""Seconds; the machine may be busy."""


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Noise, so that it has several parts; its index comes last."""
    path = tmp_path_factory.mktemp("files") / "noise.mp4"
    with av.open(str(path), "w") as output:
        options = {"preset": "ultrafast", "g": "50", "qp": "30"}
        video = output.add_stream("libx264", rate=RATE, options=options)
        video.width, video.height, video.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        audio = output.add_stream("aac", rate=48_000, layout="mono")
        noise = random.Random(0)
        for second in range(SECONDS):
            for number in range(second * RATE, (second + 1) * RATE):
                picture = av.VideoFrame(WIDTH, HEIGHT, "yuv420p")
                for plane in picture.planes:
                    plane.update(noise.randbytes(plane.buffer_size))
                picture.pts = number
                output.mux(video.encode(picture))
            for start in range(-(-second * 48_000 // 1024) * 1024, (second + 1) * 48_000, 1024):
                output.mux(audio.encode(sound(start)))
        output.mux(video.encode(None))
        output.mux(audio.encode(None))
    return path


@pytest.fixture
def owner(fresh_stack: Stack) -> Iterator[Person]:
    person = somebody(fresh_stack)
    yield person
    person.edge.close()


class Upload:
    """A file of which parts are sent by hand."""

    def __init__(self, person: Person, file: Path) -> None:
        self._person = person
        created = begin(person, file)
        self.upload_id, self.video_id = created["upload"]["upload_id"], created["video"]["video_id"]
        self.parts = parts_of(file, created["upload"])

    def send(self, *numbers: int) -> None:
        for number in numbers:
            patiently(lambda number=number: send_part(self._person, self.upload_id, number, self.parts[number]))

    def end(self, how: str) -> None:
        call = lambda: self._person.post(f"/v1/uploads/{self.upload_id}:{how}", {}).raise_for_status()  # noqa: E731
        patiently(call)

    def until(self, condition: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        give_up = time.monotonic() + PATIENCE
        while not condition(now := patiently(lambda: processing(self._person, self.video_id))):
            assert time.monotonic() < give_up, now
            time.sleep(0.1)
        return now

    def files(self) -> list[dict[str, Any]]:
        found = self._person.get(f"/v1/videos/{self.video_id}/files").raise_for_status().json()["files"]
        return [{name: one.get(name) for name in ("quality", "checksum", "size_bytes", "duration")} for one in found]


def patiently(call: Callable[[], Any]) -> Any:
    """Again while a part of the installation is away."""
    give_up = time.monotonic() + 30
    while True:
        try:
            return call()
        except httpx.HTTPStatusError as error:
            if error.response.status_code != UNAVAILABLE or time.monotonic() > give_up:
                raise
        time.sleep(0.2)


def share(now: dict[str, Any], quality: str) -> float:
    return next((r.get("progress", 0) for r in now.get("renditions", ()) if r["quality"] == quality), 0)


@pytest.mark.timeout(240)
def test_what_is_made_while_a_file_arrives_is_what_the_whole_file_gives(
    fresh_stack: Stack, owner: Person, file: Path
) -> None:
    """The service and the worker die by SIGKILL in the midst."""
    upload = Upload(owner, file)
    first, *others, last = upload.parts
    assert len(others) > 3
    upload.send(first, last, *others[:-2])
    now = upload.until(lambda now: share(now, "144p") > 0.2 and share(now, "audio") > 0.2)
    assert now["state"] == "PROCESSING_STATE_UPLOADING"
    assert int(now.get("manifest_generation", 0)) == 0
    fresh_stack.kill("svc_transcode")
    fresh_stack.kill("worker-1")
    fresh_stack.wait_restarted("svc_transcode")
    before = share(upload.until(lambda now: bool(now.get("renditions"))), "144p")
    upload.send(others[-2])
    upload.until(lambda now: share(now, "144p") > before)
    upload.send(others[-1])
    made = upload.until(lambda now: all(r.get("progress") == 1 for r in now["renditions"]))
    assert made["state"] == "PROCESSING_STATE_UPLOADING"
    assert "playable_time" not in made, "nothing is shown before the whole is checked"
    upload.end("complete")
    wait_for(owner, upload.video_id, "PROCESSED", PATIENCE)

    # Somebody else's: what a channel uploads twice is copied.
    other = somebody(fresh_stack)
    whole = Upload(other, file)
    whole.send(*(number for number in whole.parts if number != first))
    time.sleep(1)
    assert processing(other, whole.video_id) == {"state": "PROCESSING_STATE_UPLOADING"}
    whole.send(first)
    whole.end("complete")
    wait_for(other, whole.video_id, "PROCESSED", PATIENCE)
    assert [one["quality"] for one in upload.files()] == ["144p", "audio"]
    assert upload.files() == whole.files(), "byte for byte"
    other.edge.close()


def test_an_upload_that_is_given_up_in_the_midst_leaves_no_object(stack: Stack, file: Path) -> None:
    person = somebody(stack)
    upload = Upload(person, file)
    first, *others, last = upload.parts
    upload.send(first, last, *others[:-1])
    upload.until(lambda now: share(now, "144p") > 0.2)
    assert asyncio.run(stored(stack, upload.video_id))
    upload.end("abort")
    give_up = time.monotonic() + PATIENCE
    while asyncio.run(stored(stack, upload.video_id)):
        assert time.monotonic() < give_up
        time.sleep(0.5)
    assert processing(person, upload.video_id) == {"state": "PROCESSING_STATE_UPLOADING"}, "nothing is known of it"
    person.edge.close()


async def stored(stack: Stack, video_id: str) -> list[str]:
    """The keys of what was made of a video."""
    settings = load_settings(stack.data / "run" / "config.toml")
    async with connect_objects(settings.objects) as objects:
        page = await objects.list(settings.objects.media_bucket, f"v/{video_id}/")
        return [found.key for found in page.objects]
