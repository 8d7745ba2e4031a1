"""Writes a kind's file by PyAV: the same libraries that will read it, but for the oracle, which is another build."""

from __future__ import annotations

import array
import math
import os
import sys
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import cast

import av
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from av.audio.stream import AudioStream
from av.container import OutputContainer
from av.packet import Packet
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from .kinds import Kind, Sound
from .pictures import picture

_CLOCK = Fraction(1, 90_000)
_FREE_CLOCK = frozenset({"libx264", "libx265"})
"""Encoders that take pictures at any time; the others count them."""
_TONE, _LEVEL = 1000, 0.5
_BLOCK = 1024


def write(kind: Kind, path: Path) -> Path:
    """The file of a kind."""
    numbers = range(len(kind.times))
    if kind.second_size is None:
        _write(kind, numbers, path)
    else:
        half = len(numbers) // 2
        _write(kind, numbers[:half], path)
        second = path.with_name(f"second-{path.name}")
        _write(replace(kind, size=kind.second_size), numbers[half:], second)
        path.write_bytes(path.read_bytes() + second.read_bytes())
    if kind.altered is not None:
        path.write_bytes(kind.altered(path.read_bytes()))
    return path


def _write(kind: Kind, numbers: range, path: Path) -> None:
    with ordinary_turns(), av.open(str(path), "w", container_options=kind.muxer) as output:
        video = _video(output, kind)
        sounds = [(sound, _sound(output, sound)) for sound in kind.sounds]
        packets = [*_pictures(kind, numbers, video), *(p for sound, stream in sounds for p in _tones(sound, stream))]
        for packet in sorted(packets, key=_decoded_at):
            output.mux(packet)


@contextmanager
def ordinary_turns() -> Generator[None]:
    """Gives this thread its ordinary turns on a processor again.

    Started by root, SVT-AV1 puts the thread that opens it before everything else on the machine (SCHED_FIFO, 99), and
    all that is started from there inherits that.
    """
    try:
        yield
    finally:
        if sys.platform == "linux":
            os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))


def _decoded_at(packet: Packet[VideoStream] | Packet[AudioStream]) -> Fraction:
    return Fraction(packet.dts or 0) * Fraction(packet.time_base)


def _video(output: OutputContainer, kind: Kind) -> VideoStream:
    video = cast(VideoStream, output.add_stream(kind.codec, rate=kind.rate, options=kind.options))
    context = video.codec_context
    video.width, video.height = kind.size
    video.pix_fmt = kind.pixel_format
    context.sample_aspect_ratio = kind.aspect
    context.time_base = _CLOCK if kind.codec in _FREE_CLOCK else 1 / kind.rate
    primaries, transfer, matrix, span = kind.color
    if any(kind.color):
        context.color_primaries, context.color_trc = primaries, transfer
        context.colorspace, context.color_range = matrix, span
    if kind.rotation:
        video.set_display_rotation(kind.rotation)
    return video


def _pictures(kind: Kind, numbers: range, stream: VideoStream) -> Iterator[Packet[VideoStream]]:
    base = Fraction(stream.codec_context.time_base or 1)
    for number in numbers:
        frame = _drawn(kind, number)
        frame.pts, frame.time_base = round(kind.times[number] / base), base
        yield from stream.encode(frame)
    yield from stream.encode(None)


def _drawn(kind: Kind, number: int) -> VideoFrame:
    frame = picture(number, *kind.size)
    return frame if kind.pixel_format == "yuv420p" else frame.reformat(format=kind.pixel_format)


def _sound(output: OutputContainer, sound: Sound) -> AudioStream:
    stream = cast(AudioStream, output.add_stream(sound.codec, rate=sound.rate, layout=sound.layout))
    if sound.language:
        stream.metadata["language"] = sound.language
    return stream


def _tones(sound: Sound, stream: AudioStream) -> Iterator[Packet[AudioStream]]:
    context = stream.codec_context
    size = context.frame_size or _BLOCK
    resampler = AudioResampler(context.format.name, context.layout.name, sound.rate, size)
    count = math.ceil((sound.end - sound.start) * sound.rate / size) * size
    for at in range(0, count, size):
        for frame in resampler.resample(_tone(sound, context.layout.nb_channels, at, size)):
            yield from stream.encode(frame)
    for frame in resampler.resample(None):
        yield from stream.encode(frame)
    yield from stream.encode(None)


def _tone(sound: Sound, channels: int, at: int, size: int) -> AudioFrame:
    frame = AudioFrame("fltp", sound.layout, size)
    first = math.floor(sound.start * sound.rate)
    begins = math.floor(sound.beep * sound.rate)
    wave = array.array("f", (_heard(first + at + i - begins, sound.rate) for i in range(size)))
    for channel in range(channels):
        loud = not sound.channels or channel in sound.channels
        frame.planes[channel].update(wave.tobytes() if loud else bytes(4 * size))
    frame.sample_rate, frame.pts, frame.time_base = sound.rate, first + at, Fraction(1, sound.rate)
    return frame


def _heard(sample: int, rate: int) -> float:
    return 0.0 if sample < 0 else _LEVEL * math.sin((sample + 0.5) * math.tau * _TONE / rate)
