"""How loud sound is, and to make it as loud as the rest. Imports PyAV: for a media child alone.

Loudness and true peak are those of ITU-R BS.1770, gated as EBU R 128 has it. What raises or lowers is one gain for the
whole track, so that its own dynamics stay; a limiter keeps the peaks that a gain would push over the edge.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Final, cast

from av.audio.frame import AudioFrame
from av.error import BlockingIOError as NotReady
from av.error import EOFError as Exhausted
from av.filter import Graph

from svc_transcode.media.gating import BLOCK, SILENT, STEP, GatingBlocks
from svc_transcode.media.ladder import AUDIO_RATE
from svc_transcode.media.level import MOST_GAIN, TARGET

NEAR: Final = 0.3
"""LU that a track may be off its target."""
CEILING: Final = -1.5
"""dB below full scale that no sample is above: AAC overshoots, and so does what lies between samples."""

LONG: Final = Fraction(3600)
"""Seconds. Of a longer track what was limited is not measured again: each time costs a quarter of encoding it."""

_PASSES = 2
_LOUDNESS, _MOMENTARY, _PEAK = "lavfi.r128.I", "lavfi.r128.M", "lavfi.r128.true_peak"


@dataclass(frozen=True, slots=True)
class Loudness:
    """Of a whole track."""

    integrated: float
    """LUFS; -70 for silence."""
    peak: float
    """Of the true peak, in dB of full scale."""

    @property
    def silent(self) -> bool:
        return self.integrated <= SILENT

    @property
    def gain(self) -> float:
        """dB to the target, at most `MOST_GAIN`; 0 for silence."""
        return 0.0 if self.silent else min(MOST_GAIN, TARGET - self.integrated)


def measured(frames: Iterable[AudioFrame]) -> Loudness:
    """The loudness of stereo at 48 kHz. Takes the frames one by one."""
    chain = _Chain(("ebur128", "peak=true:metadata=1"))
    integrated, peak = SILENT, 0.0
    for frame in chain.run(frames):
        if _LOUDNESS in frame.metadata:  # what is left at the end, less than a tenth of a second, has none
            integrated = float(frame.metadata[_LOUDNESS])
            peak = max(peak, float(frame.metadata[_PEAK]))
    return Loudness(max(SILENT, integrated), 20 * math.log10(peak) if peak > 0 else -math.inf)


def leveled(frames: Iterable[AudioFrame], gain: float) -> Iterator[AudioFrame]:
    """The same sound, as many samples, with a gain in dB and no sample above the ceiling."""
    limit = 10 ** (CEILING / 20)
    return _Chain(
        ("volume", f"{gain:.3f}dB:precision=float"),
        ("alimiter", f"limit={limit:.6f}:level=disabled:latency=1:attack=5:release=50"),
        ("aformat", "sample_fmts=fltp"),
    ).run(frames)


def gain_for(sound: Callable[[], Iterable[AudioFrame]], duration: Fraction) -> float | None:
    """The gain in dB with which a track comes out at the target; None where it is to be left as it is.

    `sound` gives all of it, anew at each call. Where peaks are limited some loudness goes with them: so what comes out
    is measured too, and the gain corrected.
    """
    loudness = measured(sound())
    gain = loudness.gain
    if loudness.silent or (abs(gain) <= NEAR and loudness.peak <= CEILING):
        return None
    for _ in range(_PASSES):
        if loudness.peak + gain <= CEILING or duration > LONG:
            break
        off = TARGET - measured(leveled(sound(), gain)).integrated
        if abs(off) <= NEAR or gain + off > MOST_GAIN:
            break
        gain += off
    return gain


class Meter:
    """Measures sound that passes through, in the gating blocks that end behind sample `first` and not behind `end`."""

    def __init__(self, begin: int, first: int, end: int | None) -> None:
        """`begin`: the sample of the presentation that comes first. Unless it is 0 it has to be some tenths of a second
        before `first`, so that the filter has settled and the first block is whole.
        """
        self._skipped = -begin % STEP
        self._begin = begin + self._skipped
        self._first, self._end = first, end
        self._heard: list[float] = []

    @property
    def blocks(self) -> GatingBlocks:
        """Of what has passed so far."""
        return GatingBlocks.of(self._heard)

    def through(self, frames: Iterable[AudioFrame]) -> Iterator[AudioFrame]:
        """The same frames, one by one."""
        chain = _Chain(("atrim", f"start_sample={self._skipped}"), ("ebur128", "metadata=1"))
        at = self._begin
        for frame in frames:
            for measured_step in chain.push(frame):
                at += measured_step.samples
                if at >= self._begin + BLOCK and self._first < at and (self._end is None or at <= self._end):
                    self._heard.append(float(measured_step.metadata[_MOMENTARY]))
            yield frame


class _Chain:
    """A line of filters."""

    def __init__(self, *filters: tuple[str, str]) -> None:
        self._at = 0
        self._graph = Graph()
        source = self._graph.add_abuffer(
            sample_rate=AUDIO_RATE, format="fltp", layout="stereo", time_base=Fraction(1, AUDIO_RATE)
        )
        nodes = [self._graph.add(name, arguments) for name, arguments in filters]
        self._graph.link_nodes(source, *nodes, self._graph.add("abuffersink")).configure()

    def run(self, frames: Iterable[AudioFrame]) -> Iterator[AudioFrame]:
        for frame in frames:
            yield from self.push(frame)
        self._graph.push(None)
        yield from self._drain()

    def push(self, frame: AudioFrame) -> Iterator[AudioFrame]:
        frame.pts, frame.time_base = self._at, Fraction(1, AUDIO_RATE)
        self._at += frame.samples
        self._graph.push(frame)
        yield from self._drain()

    def _drain(self) -> Iterator[AudioFrame]:
        while True:
            try:
                yield cast(AudioFrame, self._graph.pull())
            except (NotReady, Exhausted):
                return
