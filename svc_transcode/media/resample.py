"""Decoded sound to 48 kHz stereo on the presentation's clock. Imports PyAV: for a media child alone."""

from __future__ import annotations

import math
from collections.abc import Iterator
from fractions import Fraction
from typing import cast

from av.audio.frame import AudioFrame
from av.error import BlockingIOError as NotReady
from av.error import EOFError as Exhausted
from av.filter import Graph

from svc_transcode.media.ladder import AUDIO_RATE


class Resampler:
    """Frames in, frames out; gaps become silence. Built anew where the sound changes form.

    What comes out begins at sample `first` of the presentation, and is the same as if it had begun at 0: what is
    before is cut off at a sample of the source that falls on a sample of what is made, so that both grids meet where
    they would have met.
    """

    def __init__(self, origin: Fraction, first: int = 0) -> None:
        self._origin = origin
        self._first = first
        self._graph: Graph | None = None
        self._form: tuple[object, ...] = ()
        self._given = first  # the sample that comes next

    def push(self, frame: AudioFrame) -> Iterator[AudioFrame]:
        form = (frame.sample_rate, frame.format.name, frame.layout.name)
        if form != self._form:
            yield from self.finish()
            self._graph, self._form = self._build(frame), form
        base = Fraction(frame.time_base or Fraction(1, frame.sample_rate))
        if frame.pts is not None:
            frame.pts -= int(self._origin / base)
        if self._graph is not None:
            self._graph.push(frame)
            yield from self._drain(self._graph)

    def finish(self) -> Iterator[AudioFrame]:
        if self._graph is not None:
            self._graph.push(None)
            yield from self._drain(self._graph)
        self._graph = None

    def _build(self, frame: AudioFrame) -> Graph:
        rate = frame.sample_rate
        graph = Graph()
        nodes = [
            graph.add_abuffer(
                sample_rate=rate,
                format=frame.format,
                layout=frame.layout,
                time_base=Fraction(frame.time_base or Fraction(1, rate)),
            )
        ]
        cut = self._given == self._first > 0
        begins = self._given * rate // AUDIO_RATE  # in samples of the source
        if cut:
            begins -= begins % (rate // math.gcd(rate, AUDIO_RATE))
            nodes.append(graph.add("atrim", f"start_pts={begins}"))
        nodes.append(graph.add("aresample", f"{AUDIO_RATE}:async=1:first_pts={begins}"))
        nodes.append(graph.add("aformat", "sample_fmts=fltp:channel_layouts=stereo"))
        if cut:
            nodes.append(graph.add("atrim", f"start_sample={self._first - begins * AUDIO_RATE // rate}"))
        graph.link_nodes(*nodes, graph.add("abuffersink"))
        graph.configure()
        return graph

    def _drain(self, graph: Graph) -> Iterator[AudioFrame]:
        while True:
            try:
                frame = cast(AudioFrame, graph.pull())
            except (NotReady, Exhausted):
                return
            self._given += frame.samples
            yield frame
