"""Sound that is encoded in pieces while its file arrives comes out as loud as any other."""

from __future__ import annotations

import asyncio
import math
import re
from array import array
from fractions import Fraction
from pathlib import Path
from typing import Final
from urllib.parse import urljoin

import av
import httpx
import pytest

from mesh.config import load_settings
from mesh.objects import connect_objects
from svc_transcode.media.level import TARGET
from svc_transcode.media.loudness import measured
from tests.e2e.patience import eventually
from tests.e2e.people import Person, somebody
from tests.e2e.stacks import Stack
from tests.e2e.uploading import upload, wait_for

SECONDS: Final = 30
RATE: Final = 48_000
FRAME: Final = 1024
NEAR: Final = 0.5
PATIENCE: Final = 400
"""Seconds; the machine may be busy."""


def speaking(at: int, amplitude: float) -> float:
    """Tones with peaks far above the rest, and silence between them."""
    word, within = divmod(at, RATE // 2)
    loud = 1.0 if word % 5 == 0 else 0.4
    return amplitude * loud * math.sin(at * math.tau * 440 / RATE) * (within < RATE // 3)


def clip(path: Path, amplitude: float) -> Path:
    """Half a minute: its sound is several pieces."""
    with av.open(str(path), "w") as output:
        video = output.add_stream("libx264", rate=5, options={"preset": "ultrafast"})
        video.width, video.height, video.pix_fmt = 128, 72, "yuv420p"
        audio = output.add_stream("aac", rate=RATE, layout="stereo")
        for number in range(SECONDS * 5):
            picture = av.VideoFrame(128, 72, "yuv420p")
            for plane in picture.planes:
                plane.update(bytes([number % 200 + 20]) * plane.buffer_size)
            picture.pts = number
            output.mux(video.encode(picture))
        for start in range(0, SECONDS * RATE, FRAME):
            sound = av.AudioFrame("fltp", "stereo", FRAME)
            wave = array("f", (speaking(at, amplitude) for at in range(start, start + FRAME))).tobytes()
            for plane in sound.planes:
                plane.update(wave)
            sound.sample_rate, sound.pts, sound.time_base = RATE, start, Fraction(1, RATE)
            output.mux(audio.encode(sound))
        output.mux(video.encode(None))
        output.mux(audio.encode(None))
    return path


def loudness(path: Path) -> float:
    with av.open(str(path)) as container:
        resampler = av.AudioResampler("fltp", "stereo", RATE)
        frames = (out for frame in container.decode(audio=0) for out in resampler.resample(frame))
        return measured(frames).integrated


def newest(person: Person, video_id: str, generation: str) -> str:
    """The address of the manifests of that generation, once players are told of it."""

    def told() -> str:
        playback = person.playback(video_id).raise_for_status().json()["playback"]
        return str(playback["hls_url"]) if playback["manifest_generation"] == generation else ""

    return eventually(told)


def fetched(hls: str, into: Path) -> Path:
    """The sound that a player is given, as one file."""
    with httpx.Client(timeout=20) as viewer:
        master = viewer.get(hls).raise_for_status().text
        found = re.search(r'TYPE=AUDIO.*URI="([^"]+)"', master)
        assert found
        sound = urljoin(hls, found[1])
        text = viewer.get(sound).raise_for_status().text
        names = [
            *re.findall(r'URI="([^"]+)"', text),
            *(line for line in text.splitlines() if line[:1] not in {"", "#"}),
        ]
        into.write_bytes(b"".join(viewer.get(urljoin(sound, name)).raise_for_status().content for name in names))
    return into


async def of_first_generation(stack: Stack, video_id: str) -> tuple[list[str], set[str]]:
    """The segments of sound that the first manifests name, and all that is stored: below the video's prefix."""
    settings = load_settings(stack.data / "run" / "config.toml")
    async with connect_objects(settings.objects) as objects:
        bucket, prefix = settings.objects.media_bucket, f"v/{video_id}/"
        page = await objects.list(bucket, prefix)
        stored = {found.key.removeprefix(prefix) for found in page.objects}
        playlist = next(path for path in stored if re.match(r"m/1-[^/]+/audio-0\.m3u8", path))
        text = (await objects.get(bucket, prefix + playlist)).decode()
    return [line.removeprefix("../../") for line in text.splitlines() if line.endswith(".m4s")], stored


@pytest.mark.timeout(900)
@pytest.mark.parametrize(("amplitude", "before"), [(0.07, -30), (0.98, -8)], ids=["quiet", "loud"])
def test_half_a_minute_comes_out_at_the_target(stack: Stack, tmp_path: Path, amplitude: float, before: float) -> None:
    """Players that began before it did go on with what they have."""
    file = clip(tmp_path / "clip.mp4", amplitude)
    assert abs(loudness(file) - before) < 4, "off the target, and within what is raised at most"
    person = somebody(stack)
    video_id = upload(person, file, seconds=PATIENCE)
    generation = wait_for(person, video_id, "PROCESSED")["manifest_generation"]
    assert int(generation) > 1
    assert abs(loudness(fetched(newest(person, video_id, generation), tmp_path / "made.mp4")) - TARGET) <= NEAR
    segments, stored = asyncio.run(of_first_generation(stack, video_id))
    assert segments
    assert set(segments) <= stored
    assert not any("-l1-" in path for path in segments)
    person.edge.close()
