"""The filter graph: one decoded picture in, one picture for each rung out.

A cascade: upright and deinterlaced once, brought to the largest rung's size and to standard dynamic range BT.709,
and from there down rung by rung, so that each scaler reads the next larger picture instead of the source.

HDR (PQ, HLG) becomes SDR by swscale's own colour mapping with perceptual intent, which converts transfer and primaries
and compresses highlights (FFmpeg 8; zscale and libplacebo are not in PyAV's build). Wide-gamut SDR keeps its
primaries; only its matrix and range are converted.

Imports PyAV: for a media child alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import cast

from av.error import BlockingIOError as NotReady
from av.error import EOFError as Exhausted
from av.filter import Graph
from av.filter.context import FilterContext
from av.video.frame import VideoFrame

from svc_transcode.media import colors
from svc_transcode.media.info import VideoInfo

Size = tuple[int, int]
Filter = tuple[str, str]

_TURNS: dict[int, tuple[Filter, ...]] = {
    0: (),
    90: (("transpose", "cclock"),),
    180: (("hflip", ""), ("vflip", "")),
    270: (("transpose", "clock"),),
}


class Cascade:
    """Feeds pictures through the graph, and builds it anew when the pictures change their shape."""

    def __init__(
        self, info: VideoInfo, sizes: Sequence[Size], *, pixel_format: str = "yuv420p", target: str | None = None
    ) -> None:
        """`sizes` from large to small. `target` overrides the colour options of the first scaler."""
        self._info = info
        self._sizes = sizes
        self._pixel_format = pixel_format
        self._target = target or _to_sdr(info)
        self._graph: Graph | None = None
        self._sinks: list[FilterContext] = []
        self._shape: tuple[object, ...] = ()
        self._deinterlacing = info.interlaced

    def push(self, frame: VideoFrame) -> Iterator[tuple[int, VideoFrame]]:
        """Pictures that are ready, each with the place of its size in `sizes`."""
        self._deinterlacing = self._deinterlacing or frame.interlaced_frame
        shape = (frame.width, frame.height, frame.format.name, frame.rotation % 360, self._deinterlacing)
        if shape != self._shape:
            yield from self.finish()
            self._build(frame)
            self._shape = shape
        if self._graph is not None:
            self._graph.vpush(frame)
        yield from self._drain()

    def finish(self) -> Iterator[tuple[int, VideoFrame]]:
        """What was still on its way."""
        if self._graph is not None:
            self._graph.vpush(None)
            yield from self._drain()
        self._graph, self._sinks, self._shape = None, [], ()

    def _drain(self) -> Iterator[tuple[int, VideoFrame]]:
        for place, sink in enumerate(self._sinks):
            while True:
                try:
                    frame = cast(VideoFrame, sink.pull())
                except (NotReady, Exhausted):
                    break
                yield place, frame

    def _build(self, frame: VideoFrame) -> None:
        graph = Graph()
        graph.threads = 1
        base = Fraction(frame.time_base or 1)
        node = graph.add_buffer(width=frame.width, height=frame.height, format=frame.format, time_base=base)
        for name, arguments in self._preparation(frame):
            node = _chain(graph, node, name, arguments)
        sinks: list[FilterContext] = []
        output = 0
        for place, (width, height) in enumerate(self._sizes):
            options = f"{width}:{height}:flags=bicubic" + (f":{self._target}" if place == 0 else "")
            node = _chain(graph, node, "scale", options, output)
            node = _chain(graph, node, "setsar", "1")
            node = _chain(graph, node, "format", self._pixel_format)
            sink, output = graph.add("buffersink"), 0
            if place + 1 < len(self._sizes):
                node, output = _chain(graph, node, "split", "2"), 1
            node.link_to(sink)
            sinks.append(sink)
        graph.configure()
        self._graph, self._sinks = graph, sinks

    def _preparation(self, frame: VideoFrame) -> Iterator[Filter]:
        if self._deinterlacing:
            yield "bwdif", "mode=send_frame:deint=interlaced"
        if colors.matrix(frame.colorspace) == colors.UNSPECIFIED and not frame.format.is_rgb:
            yield "setparams", f"colorspace={colors.assumed_matrix(min(frame.width, frame.height))}"
        yield from _TURNS.get(frame.rotation % 360, ())


def _chain(graph: Graph, node: FilterContext, name: str, arguments: str, output: int = 0) -> FilterContext:
    following = graph.add(name, arguments) if arguments else graph.add(name)
    node.link_to(following, output, 0)
    return following


def _to_sdr(info: VideoInfo) -> str:
    options = "out_color_matrix=bt709:out_range=tv"
    if info.hdr:
        options += ":out_primaries=bt709:out_transfer=bt709:intent=perceptual"
    return options
