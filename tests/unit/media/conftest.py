"""Sources that the tests make, and children's work done without a child."""

from __future__ import annotations

import array
import hashlib
import itertools
import math
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import cast

import av
import pytest
from av.audio.frame import AudioFrame
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from svc_transcode.media.encode import encode_chunk
from svc_transcode.media.fragment import samples
from svc_transcode.media.grid import TIMESCALE, plan_chunks
from svc_transcode.media.info import SourceInfo
from svc_transcode.media.jobs import Bounds, File, SegmentFile, Source, TrackMade, VideoJob, VideoMade
from svc_transcode.media.ladder import Rung, ladder
from svc_transcode.media.parts import PartReader, reader_of
from svc_transcode.media.probe import probe

BITS = 10
"""Every generated picture shows its own number as so many black or white bars."""

_PRESET = "superfast"  # the fastest that has B-frames

Shown = list[tuple[Fraction, int]]
"""(time, number shown) of each picture."""


@pytest.fixture(scope="session")
def bunny() -> Path:
    return Path(__file__).parents[2] / "media" / "bigbuckbunny.mp4"


@dataclass
class Clip:
    """A source to be made: `times` in seconds, one picture each."""

    name: str = "clip.mp4"
    size: tuple[int, int] = (320, 180)
    times: Sequence[Fraction] = ()
    codec: str = "libx264"
    pixel_format: str = "yuv420p"
    options: dict[str, str] = field(default_factory=lambda: {"preset": "ultrafast", "bf": "2", "g": "25"})
    container_options: dict[str, str] = field(default_factory=dict[str, str])
    rotation: int = 0
    sample_aspect_ratio: Fraction = Fraction(1)
    sound: Fraction = Fraction(0)
    sound_start: Fraction = Fraction(0)
    languages: tuple[str, ...] = ("eng",)
    rate: Fraction = Fraction(25)
    noise: bool = False
    """Fills the lower third of each picture with what does not compress."""
    color: dict[str, int] = field(default_factory=dict[str, int])


def steady(count: int, rate: Fraction = Fraction(25)) -> list[Fraction]:
    """The times of `count` pictures at a constant rate."""
    return [Fraction(i) / rate for i in range(count)]


@pytest.fixture(scope="session")
def make(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Clip], Path]:
    """Writes a clip to a file of its own."""
    return lambda clip: _make(clip, tmp_path_factory.mktemp("clip") / clip.name)


@pytest.fixture(scope="session")
def transcode(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Transcoded]:
    """Probes a file and encodes all of its chunks, as the workers would, but in this process."""

    def run(path: Path, length: Fraction = Fraction(4), threads: int = 1, parts: int = 1) -> Transcoded:
        store = Store(tmp_path_factory.mktemp("out"))
        with reader_over(path, parts) as reader:
            info = probe(reader, Bounds())
        rungs = ladder(info.video.width, info.video.height)
        source = Source((info.size,))
        made: list[VideoMade] = []
        for chunk in plan_chunks(info.video_duration, length):
            job = VideoJob(source, info, chunk.start, chunk.end, rungs, _PRESET, threads)
            with reader_over(path, parts) as reader:
                made.append(encode_chunk(job, reader, store.under(str(chunk.index)), lambda _: None))
        return Transcoded(info, rungs, made, store)

    return run


def reader_over(path: Path, parts: int = 1) -> PartReader:
    """The file cut into so many parts beside it."""
    if parts == 1:
        return reader_of(path)
    data = path.read_bytes()
    size = -(-len(data) // parts)
    files: list[Path] = []
    for number, start in enumerate(range(0, len(data), size)):
        file = path.with_name(f"{path.name}.{number}")
        file.write_bytes(data[start : start + size])
        files.append(file)
    return reader_of(*files)


@dataclass
class Store:
    """Where segments are kept."""

    root: Path

    def under(self, folder: str) -> Callable[[str, bytes], File]:
        def save(name: str, data: bytes) -> File:
            path = self.root / folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
            return File(f"{folder}/{name}", len(data), hashlib.sha256(data).hexdigest())

        return save

    def read(self, file: File) -> bytes:
        return (self.root / file.path).read_bytes()


@dataclass
class Transcoded:
    """All chunks of one source."""

    info: SourceInfo
    rungs: tuple[Rung, ...]
    chunks: list[VideoMade]
    store: Store

    def tracks(self, rung: int = 0) -> list[TrackMade]:
        return [chunk.tracks[rung] for chunk in self.chunks if chunk.tracks]

    def segments(self, rung: int = 0) -> list[SegmentFile]:
        return list(itertools.chain.from_iterable(track.segments for track in self.tracks(rung)))

    def joined(self, rung: int = 0) -> Path:
        """Init and every segment in one file, as a player would put them together."""
        path = self.store.root / f"joined-{rung}.mp4"
        data = [self.store.read(self.tracks(rung)[0].init), *(self.store.read(s.file) for s in self.segments(rung))]
        path.write_bytes(b"".join(data))
        return path

    def shown(self, rung: int = 0) -> Shown:
        """What the joined segments show, at the times that their boxes give.

        FFmpeg's demuxer adds the depth of the reordering where composition offsets are negative (`dts_shift` in
        libavformat/mov.c); players that follow ISO/IEC 14496-12 do not.
        """
        decoded = shown(self.joined(rung))
        return [(time - decoded[0][0] + self.start(rung), number) for time, number in decoded]

    def start(self, rung: int = 0) -> Fraction:
        first = self.store.read(self.segments(rung)[0].file)
        return Fraction(min(sample.presentation_time for sample in samples(first)), TIMESCALE)


def shown(path: Path, origin: Fraction = Fraction(0)) -> Shown:
    """What a plain linear decode of a file shows."""
    with av.open(str(path)) as container:
        return [
            (Fraction(frame.pts or 0) * Fraction(frame.time_base or 1) - origin, _number(frame))
            for frame in container.decode(container.streams.video[0])
        ]


def _make(clip: Clip, path: Path) -> Path:
    base = Fraction(1, 90_000)
    with av.open(str(path), "w", container_options=clip.container_options) as output:
        video = cast(VideoStream, output.add_stream(clip.codec, rate=clip.rate, options=clip.options))
        video.width, video.height = clip.size
        video.pix_fmt = clip.pixel_format
        video.codec_context.sample_aspect_ratio = clip.sample_aspect_ratio
        video.codec_context.time_base = base if clip.codec == "libx264" else 1 / clip.rate
        for name, value in clip.color.items():
            setattr(video.codec_context, name, value)
        if clip.rotation:
            video.set_display_rotation(clip.rotation)
        sounds = [output.add_stream("aac", rate=44_100, layout="mono") for _ in clip.languages if clip.sound]
        for stream, language in zip(sounds, clip.languages, strict=False):
            stream.metadata["language"] = language
        for number, time in enumerate(clip.times):
            frame = _picture(clip, number)
            frame.time_base = video.codec_context.time_base
            frame.pts = round(time / frame.time_base)
            output.mux(video.encode(frame))
        output.mux(video.encode(None))
        for stream in sounds:
            for start in range(0, int(clip.sound * 44_100), 1024):
                output.mux(stream.encode(_tone(start + int(clip.sound_start * 44_100))))
            output.mux(stream.encode(None))
    return path


def _picture(clip: Clip, number: int) -> VideoFrame:
    width, height = clip.size
    frame = VideoFrame(width, height, "gray")
    row = b"".join(
        (b"\xeb" if number >> bit & 1 else b"\x10") * ((bit + 1) * width // BITS - bit * width // BITS)
        for bit in range(BITS)
    )
    stride = frame.planes[0].line_size
    rows = row.ljust(stride, b"\x10") * height
    if clip.noise:
        noisy = stride * (height // 3)
        rows = rows[:-noisy] + random.Random(number).randbytes(noisy)
    frame.planes[0].update(rows)
    return frame.reformat(format=clip.pixel_format)


def _tone(start: int) -> AudioFrame:
    frame = AudioFrame("fltp", "mono", 1024)
    wave = array.array("f", (math.sin((start + i) * math.tau * 440 / 44_100) / 2 for i in range(1024)))
    frame.planes[0].update(wave.tobytes())
    frame.sample_rate, frame.pts, frame.time_base = 44_100, start, Fraction(1, 44_100)
    return frame


def _number(frame: VideoFrame) -> int:
    gray = frame.reformat(format="gray")
    plane = bytes(gray.planes[0])
    row = plane[gray.planes[0].line_size * (gray.height // 2) :]
    return sum((row[(2 * bit + 1) * gray.width // (2 * BITS)] > 127) << bit for bit in range(BITS))
