"""One whole audio track as AAC in CMAF segments of about two seconds. Imports PyAV: for a media child alone.

One job for the whole track, because AAC's priming samples cannot be joined between chunks. The edit list stays
(`delay_moov`, `use_editlist=1`): it tells players how many priming samples to drop.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction
from typing import cast

import av
from av.audio.fifo import AudioFifo
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.error import BlockingIOError as NotReady
from av.error import EOFError as Exhausted
from av.error import FFmpegError
from av.filter import Graph

from svc_transcode.media.codecs import codec_of, timescale_of
from svc_transcode.media.fragment import decode_time, samples, set_sequence_number
from svc_transcode.media.grid import SEGMENT
from svc_transcode.media.jobs import AudioJob, AudioMade, File, SegmentFile, TrackMade
from svc_transcode.media.ladder import AUDIO_BITRATE, AUDIO_RATE
from svc_transcode.media.packets import Demuxer
from svc_transcode.media.parts import PartReader
from svc_transcode.media.source import audio_streams, damaged, keep_only, open_source
from svc_transcode.media.splitter import FragmentSplitter

Save = Callable[[str, bytes], File]

QUALITY = "audio"
_FRAME = 1024  # samples of an AAC-LC frame
_MUXER = {
    "movflags": "delay_moov+default_base_moof+skip_trailer",
    "use_editlist": "1",
    "frag_duration": str(int(SEGMENT * 1_000_000)),
}
_DAMAGE_ALLOWED, _DAMAGE_SHARE = 50, 5  # packets, or one in so many


def encode_audio(job: AudioJob, reader: PartReader, save: Save, progress: Callable[[int], None]) -> AudioMade:
    """Encodes the track, aligned with the picture: silence before a late start, trimmed where it begins too early.

    Raises MediaRejected (DAMAGED) where there is no sound to be had from it; the video may do without.
    """
    output = _Output(f"{QUALITY}-{job.stream_index}", save, progress)
    with open_source(reader, job.source.bounds) as container:
        stream = next((s for s in audio_streams(container) if s.index == job.stream_index), None)
        if stream is None:
            raise damaged("The sound cannot be decoded.")
        keep_only(container, stream)
        demuxer = Demuxer(container, reader, _DAMAGE_ALLOWED, _DAMAGE_SHARE)
        resampler = _Resampler(job.info.origin)
        for frame in _decoded(demuxer, stream):
            output.write(resampler.push(frame))
        output.write(resampler.finish())
        return AudioMade(output.finish(), demuxer.damaged)


def _decoded(demuxer: Demuxer, stream: AudioStream) -> Iterator[AudioFrame]:
    for packet in demuxer.packets(stream):
        try:
            yield from packet.decode()
        except FFmpegError as failure:
            demuxer.refused(failure)


class _Resampler:
    """To 48 kHz stereo on the presentation's clock; gaps become silence. Built anew where the sound changes form."""

    def __init__(self, origin: Fraction) -> None:
        self._origin = origin
        self._graph: Graph | None = None
        self._form: tuple[object, ...] = ()
        self._given = 0  # samples so far

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
        graph = Graph()
        source = graph.add_abuffer(
            sample_rate=frame.sample_rate,
            format=frame.format,
            layout=frame.layout,
            time_base=Fraction(frame.time_base or Fraction(1, frame.sample_rate)),
        )
        graph.link_nodes(
            source,
            graph.add("aresample", f"{AUDIO_RATE}:async=1:first_pts={self._given}"),
            graph.add("aformat", "sample_fmts=fltp:channel_layouts=stereo"),
            graph.add("abuffersink"),
        )
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


class _Output:
    def __init__(self, quality: str, save: Save, progress: Callable[[int], None]) -> None:
        self._quality, self._save, self._progress = quality, save, progress
        self._init: tuple[bytes, File] | None = None
        self._segments: list[SegmentFile] = []
        self._fifo = AudioFifo()
        self._written = 0
        self._splitter = FragmentSplitter(self._on_init, self._on_fragment)
        self._container = av.open(self._splitter, "w", format="mp4", container_options=_MUXER)
        self._stream = self._container.add_stream("aac", rate=AUDIO_RATE, layout="stereo")
        self._stream.bit_rate = AUDIO_BITRATE

    def write(self, frames: Iterator[AudioFrame]) -> None:
        for frame in frames:
            frame.pts = None  # the fifo counts for itself
            self._fifo.write(frame)
            while (block := self._fifo.read(_FRAME)) is not None:
                self._encode(block)

    def finish(self) -> TrackMade:
        rest = self._fifo.read()
        if rest is not None:
            self._encode(rest)
        if self._written == 0:
            self._container.close()
            raise damaged("There is no sound in the sound track.")
        self._container.mux(self._stream.encode(None))
        self._container.close()
        self._splitter.finish()
        assert self._init is not None  # noqa: S101  # the muxer wrote it before the first fragment
        init, file = self._init
        return TrackMade(self._quality, codec_of(init), timescale_of(init), file, tuple(self._segments))

    def _encode(self, block: AudioFrame) -> None:
        block.pts, block.time_base = self._written, Fraction(1, AUDIO_RATE)
        self._written += block.samples
        self._container.mux(self._stream.encode(block))

    def _on_init(self, init: bytes) -> None:
        self._init = init, self._save(f"{self._quality}/init.mp4", init)

    def _on_fragment(self, fragment: bytearray) -> None:
        number = len(self._segments)
        set_sequence_number(fragment, number + 1)
        found = samples(fragment)
        duration = found[-1].decode_time + found[-1].duration - found[0].decode_time
        file = self._save(f"{self._quality}/{number:05d}.m4s", bytes(fragment))
        self._segments.append(SegmentFile(number, file, decode_time(fragment), duration, len(found)))
        self._progress(len(self._segments))
