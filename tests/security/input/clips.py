"""Small files that media libraries write, to be spoilt."""

from __future__ import annotations

import io
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import cast

import av
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

RATE, WIDTH, HEIGHT = 10, 320, 180


def pictures(
    form: str, codec: str = "libx264", *, count: int = 10, step: int = 1, attachment: bytes = b"", **options: str
) -> bytes:
    """A container with nothing but pictures, one every `step` tenths of a second."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "clip"
        _write(path, form, codec, range(0, count * step, step), attachment, options)
        return path.read_bytes()


def _write(path: Path, form: str, codec: str, times: range, attachment: bytes, options: dict[str, str]) -> None:
    with av.open(str(path), "w", format=form, container_options=options) as output:
        stream = cast(VideoStream, output.add_stream(codec, rate=RATE))
        stream.width, stream.height = WIDTH, HEIGHT
        stream.pix_fmt = "yuvj420p" if codec == "mjpeg" else "yuv420p"
        if attachment:
            output.add_attachment("font.ttf", "application/x-truetype-font", attachment)
        for number, time in enumerate(times):
            frame = VideoFrame(WIDTH, HEIGHT, stream.pix_fmt)
            for plane in frame.planes:
                plane.update(bytes([20 + number * 5]) * plane.buffer_size)
            frame.pts = time
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))


def busy_pictures(count: int, width: int = 1280, height: int = 720, block: int = 16) -> bytes:
    """An MP4 of ordinary size in which no picture is like the one before: much work to encode."""
    random, held = Random(1), io.BytesIO()
    with av.open(held, "w", format="mp4") as output:
        stream = output.add_stream("libx264", rate=30, options={"preset": "ultrafast", "crf": "35"})
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        for number in range(count):
            frame = VideoFrame(width, height, "yuv420p")
            for plane in frame.planes:
                rows = (
                    b"".join(bytes([shade]) * block for shade in random.randbytes(plane.line_size // block)) * block
                    for _ in range(plane.height // block + 1)
                )
                plane.update(b"".join(rows)[: plane.buffer_size])
            frame.pts = number
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
    return held.getvalue()


def sound(form: str, codec: str) -> bytes:
    """A container with nothing but a second of silence."""
    held = io.BytesIO()
    with av.open(held, "w", format=form) as output:
        stream = cast(AudioStream, output.add_stream(codec, rate=48_000, layout="stereo"))
        fifo = av.AudioFifo()
        kind = stream.format.name
        silence = AudioFrame(kind, "stereo", 48_000)
        for plane in silence.planes:
            plane.update(bytes(plane.buffer_size))
        silence.sample_rate, silence.pts = 48_000, 0
        fifo.write(silence)
        for frame in fifo.read_many(stream.codec_context.frame_size or 1024):
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
    return held.getvalue()
