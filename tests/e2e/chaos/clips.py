"""Tiny files to upload."""

from __future__ import annotations

import math
from array import array
from pathlib import Path

import av

from tests.e2e.padding import free_box

WIDTH, HEIGHT, RATE = 320, 180, 10
SOUND_RATE, SOUND_FRAME = 48_000, 1024
PADDING = 2 * 1024 * 1024 + 300_000
"""Bytes that players pass over, so that a small clip has several parts."""


def clip(path: Path, seconds: float = 2.5) -> Path:
    """Pictures with sound."""
    with av.open(str(path), "w", format="mp4") as output:
        video = output.add_stream("libx264", rate=RATE, options={"preset": "ultrafast"})
        video.width, video.height, video.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        audio = output.add_stream("aac", rate=SOUND_RATE, layout="mono")
        for number in range(int(seconds * RATE)):
            output.mux(video.encode(_picture(number)))
        for start in range(0, int(seconds * SOUND_RATE), SOUND_FRAME):
            output.mux(audio.encode(sound(start)))
        output.mux(video.encode(None))
        output.mux(audio.encode(None))
    with path.open("ab") as file:
        file.write(free_box(PADDING) + bytes(PADDING))
    return path


def _picture(number: int) -> av.VideoFrame:
    picture = av.VideoFrame(WIDTH, HEIGHT, "yuv420p")
    for index, plane in enumerate(picture.planes):
        shade = (number * 9 + index * 60) % 200 + 20
        plane.update(bytes([shade]) * plane.buffer_size)
    picture.pts = number
    return picture


def sound(start: int) -> av.AudioFrame:
    sound = av.AudioFrame(format="fltp", layout="mono", samples=SOUND_FRAME)
    samples = array("f", (math.sin(at / 20) / 2 for at in range(start, start + SOUND_FRAME)))
    sound.planes[0].update(samples.tobytes().ljust(sound.planes[0].buffer_size, b"\0"))
    sound.sample_rate, sound.pts = SOUND_RATE, start
    return sound


def text(path: Path) -> Path:
    """No video: its processing fails for a reason of its own."""
    path.write_bytes(b"not a video\n" * 20_000)
    return path
