"""One rendition of one chunk: pictures in, an init segment and CMAF segments out.

The muxer's flags are the ones under which every chunk's init segment comes out byte-identical: `empty_moov` writes
it before any picture, no edit list, no shift of timestamps. Fragments are retimed (`fragment.retimed`), so they join.

Imports PyAV: for a media child alone.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import cast

import av
from av.video.frame import PictureType, VideoFrame
from av.video.stream import VideoStream

from svc_transcode.media.codecs import codec_of
from svc_transcode.media.coding import ENCODERS
from svc_transcode.media.encoder_options import options
from svc_transcode.media.fragment import retimed, samples
from svc_transcode.media.grid import TIMESCALE, cell
from svc_transcode.media.jobs import File, SegmentFile, TrackMade
from svc_transcode.media.ladder import Rung
from svc_transcode.media.splitter import FragmentSplitter
from svc_transcode.media.turns import ordinary_turns

Save = Callable[[str, bytes], File]
"""Writes a file of this name, relative to the work directory."""

_MOVFLAGS = "empty_moov+default_base_moof+frag_keyframe+cmaf+frag_discont+skip_trailer"
_MUXER = {"movflags": _MOVFLAGS, "use_editlist": "0", "avoid_negative_ts": "disabled"}
_BT709, _LIMITED = 1, 1  # ITU-T H.273; AVCOL_RANGE_MPEG


class RungEncoder:
    """Encodes the pictures it is given, already of the rung's size, and saves each segment as it is complete."""

    def __init__(self, rung: Rung, rate: Fraction, preset: str, threads: int, save: Save) -> None:
        self._rung = rung
        self._save = save
        self._init: tuple[bytes, File] | None = None
        self._held: bytearray | None = None
        self._segments: list[SegmentFile] = []
        self._cell: int | None = None
        self._splitter = FragmentSplitter(self._on_init, self._on_fragment)
        self._output = av.open(self._splitter, "w", format="mp4", container_options=_MUXER)
        told = options(rung, preset, threads)
        self._stream = cast(
            "VideoStream", self._output.add_stream(ENCODERS[rung.coding.codec], rate=rate, options=told)
        )
        stream, context = self._stream, self._stream.codec_context
        stream.width, stream.height, stream.pix_fmt = rung.width, rung.height, "yuv420p"
        if rung.coding.crf is None:
            stream.bit_rate = rung.bitrate
        context.time_base = stream.time_base = Fraction(1, TIMESCALE)
        context.color_primaries = context.color_trc = context.colorspace = _BT709
        context.color_range = _LIMITED
        context.thread_count = threads
        context.thread_type = "FRAME"  # type: ignore[assignment]  # the setter takes the name, the stub has the flag
        with ordinary_turns():
            self._output.start_encoding()

    def encode(self, frame: VideoFrame, tick: int) -> None:
        """`tick` is the frame's time on the common grid; the first frame of each grid cell begins a segment."""
        frame.pts, frame.time_base = tick, Fraction(1, TIMESCALE)
        first = cell(tick) != self._cell
        self._cell = cell(tick)
        frame.pict_type = PictureType.I if first else PictureType.NONE
        self._output.mux(self._stream.encode(frame))

    def finish(self, end: int) -> TrackMade:
        """Everything that was saved; `end` (ticks) is where the next chunk's first frame is, or the last one's end."""
        self._output.mux(self._stream.encode(None))
        self._output.close()
        self._splitter.finish()
        self._release(end)
        assert self._init is not None  # noqa: S101  # the muxer wrote it before the first fragment
        init, file = self._init
        return TrackMade(self._rung.quality, codec_of(init), TIMESCALE, file, tuple(self._segments))

    def _on_init(self, init: bytes) -> None:
        self._init = init, self._save(f"{self._rung.quality}/init.mp4", init)

    def _on_fragment(self, fragment: bytearray) -> None:
        self._release(_first_picture(fragment))
        self._held = fragment

    def _release(self, end: int) -> None:
        if self._held is None:
            return
        start, number = _first_picture(self._held), cell(_first_picture(self._held))
        data = retimed(self._held, number + 1, end)
        file = self._save(f"{self._rung.quality}/{number:05d}.m4s", data)
        self._segments.append(SegmentFile(number, file, start, end - start, len(samples(data))))
        self._held = None


def _first_picture(fragment: bytearray) -> int:
    return min(sample.presentation_time for sample in samples(fragment))
