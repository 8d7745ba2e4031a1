"""A track of sound, or a piece of it, as AAC in CMAF segments of two seconds. Imports PyAV: for a media child alone.

AAC's packets overlap: what a packet sounds like depends on the one before it, and an encoder begins with priming
samples of its own. So a piece is encoded from a segment before its first packet on, and those packets are dropped:
then its first packet follows that of the piece before as if one encoder had made both. Packet n of every track begins
at sample 1024 × n of the media's timeline, which is 1024 samples (the priming) ahead of the presentation; the edit
list says so (`delay_moov`, `use_editlist=1`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction

import av
from av.audio.fifo import AudioFifo
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.error import FFmpegError
from av.packet import Packet

from svc_transcode.media.codecs import codec_of, timescale_of
from svc_transcode.media.fragment import decode_time, samples, set_decode_time, set_sequence_number
from svc_transcode.media.grid import SEGMENT, SOUND_FRAME, SOUND_SEGMENT
from svc_transcode.media.jobs import AudioJob, AudioMade, File, SegmentFile, TrackMade
from svc_transcode.media.ladder import AUDIO_BITRATE, AUDIO_RATE
from svc_transcode.media.loudness import Meter, gain_for, leveled
from svc_transcode.media.packets import Demuxer
from svc_transcode.media.parts import PartReader
from svc_transcode.media.resample import Resampler
from svc_transcode.media.source import audio_streams, damaged, keep_only, open_source
from svc_transcode.media.splitter import FragmentSplitter

Save = Callable[[str, bytes], File]

QUALITY = "audio"
_MUXER = {
    "movflags": "delay_moov+default_base_moof+skip_trailer",
    "use_editlist": "1",
    "frag_duration": str(int(SEGMENT * 1_000_000)),
}
_DAMAGE_ALLOWED, _DAMAGE_SHARE = 50, 5  # packets, or one in so many

_PREROLL = SOUND_SEGMENT
"""Packets encoded before a piece: the encoder's choices depend on what it heard before. After half as many, the errors
at joins of a pure tone were up to ten times those of a whole track; after these, the same."""
_AHEAD = 2
"""Packets encoded behind a piece: the encoder looks ahead."""
_LEAD = Fraction(1, 2)
"""Seconds decoded before what is needed: MP3's bit reservoir and Opus' pre-roll are shorter."""


def encode_audio(job: AudioJob, reader: PartReader, save: Save, progress: Callable[[int], None]) -> AudioMade:
    """Encodes the track, aligned with the picture: silence before a late start, trimmed where it begins too early.

    Raises MediaRejected (DAMAGED) where there is no sound to be had from it; the video may do without.
    """
    begin = max(0, job.first - 1 - _PREROLL)
    sound = _Sound(job, reader, begin)
    output = _Output(job, begin, save, progress)
    if job.leveled:
        gain = gain_for(lambda: _Sound(job, reader, begin).frames(), job.info.duration)
        output.write(sound.frames() if gain is None else leveled(sound.frames(), gain))
        return AudioMade(output.finish(), sound.damaged)
    # A packet sounds from a frame before it on: the priming is not presented.
    heard = [None if packet is None else max(0, packet - 1) * SOUND_FRAME for packet in (job.first, job.end)]
    meter = Meter(begin * SOUND_FRAME, heard[0] or 0, heard[1])
    frames = sound.frames() if job.gain is None else leveled(sound.frames(), job.gain / 100)
    output.write(meter.through(frames))
    return AudioMade(output.finish(), sound.damaged, meter.blocks)


class _Sound:
    """What is encoded, from packet `begin` on: stereo at 48 kHz on the clock of the presentation."""

    def __init__(self, job: AudioJob, reader: PartReader, begin: int) -> None:
        self._job, self._reader, self._begin = job, reader, begin
        self.damaged = 0
        """Packets of the source that were refused so far."""

    def frames(self) -> Iterator[AudioFrame]:
        """Raises MediaRejected, PartUnavailable."""
        job, reader, begin = self._job, self._reader, self._begin
        with open_source(reader, job.source.bounds) as container:
            stream = next((s for s in audio_streams(container) if s.index == job.stream_index), None)
            if stream is None:
                raise damaged("The sound cannot be decoded.")
            keep_only(container, stream)
            if begin:
                _seek(container, stream, Fraction(begin * SOUND_FRAME, AUDIO_RATE) + job.info.origin - _LEAD)
            demuxer = Demuxer(container, reader, _DAMAGE_ALLOWED, _DAMAGE_SHARE)
            resampler = Resampler(job.info.origin, begin * SOUND_FRAME)
            for frame in _decoded(demuxer, stream, begun=not begin):
                yield from resampler.push(frame)
                self.damaged = demuxer.damaged
            yield from resampler.finish()
            self.damaged = demuxer.damaged


def _seek(container: InputContainer, stream: AudioStream, time: Fraction) -> None:
    container.seek(int(time / Fraction(stream.time_base or 1)), stream=stream, backward=True, any_frame=False)


def _decoded(demuxer: Demuxer, stream: AudioStream, begun: bool) -> Iterator[AudioFrame]:
    for packet in demuxer.packets(stream):
        try:
            for frame in packet.decode():
                begun = True
                yield frame
        except FFmpegError as failure:
            if begun:  # a decoder may refuse what leans on packets before those that it was given
                demuxer.refused(failure)


class _Output:
    """The encoder and the muxer of one piece. It is fed from packet `begin` on, which may be before the piece."""

    def __init__(self, job: AudioJob, begin: int, save: Save, progress: Callable[[int], None]) -> None:
        self._quality = f"{QUALITY}-{job.stream_index}"
        self._save, self._progress = save, progress
        self._first, self._end = job.first, job.end
        self._init: tuple[bytes, File] | None = None
        self._segments: list[SegmentFile] = []
        self._fifo = AudioFifo()
        self._given = begin * SOUND_FRAME
        self._muxed = 0
        self._splitter = FragmentSplitter(self._on_init, self._on_fragment)
        self._container = av.open(self._splitter, "w", format="mp4", container_options=_MUXER)
        self._stream = self._container.add_stream("aac", rate=AUDIO_RATE, layout="stereo")
        self._stream.bit_rate = AUDIO_BITRATE

    @property
    def full(self) -> bool:
        """Whether nothing more is needed."""
        return self._end is not None and self._given >= (self._end + _AHEAD) * SOUND_FRAME

    def write(self, frames: Iterator[AudioFrame]) -> None:
        """To the end of the piece, or of the frames."""
        for frame in frames:
            frame.pts = None  # the fifo counts for itself
            self._fifo.write(frame)
            while not self.full and (block := self._fifo.read(SOUND_FRAME)) is not None:
                self._encode(block)
            if self.full:
                break

    def finish(self) -> TrackMade | None:
        rest = None if self.full else self._fifo.read()
        if rest is not None:
            self._encode(rest)
        if self._given:
            self._mux(self._stream.encode(None))
        if self._muxed == 0:
            self._container.close()
            if self._first:
                return None
            raise damaged("There is no sound in the sound track.")
        self._container.close()
        self._splitter.finish()
        assert self._init is not None  # noqa: S101  # the muxer wrote it before the first fragment
        init, file = self._init
        return TrackMade(self._quality, codec_of(init), timescale_of(init), file, tuple(self._segments))

    def _encode(self, block: AudioFrame) -> None:
        block.pts, block.time_base = self._given, Fraction(1, AUDIO_RATE)
        self._given += block.samples
        self._mux(self._stream.encode(block))

    def _mux(self, packets: list[Packet[AudioStream]]) -> None:
        for packet in packets:
            number = (packet.pts or 0) // SOUND_FRAME + 1
            if number < self._first or (self._end is not None and number >= self._end):
                continue
            # As if each piece were the first one: so all have the same initialization segment.
            packet.pts = packet.dts = (packet.pts or 0) - self._first * SOUND_FRAME
            self._container.mux(packet)
            self._muxed += 1

    def _on_init(self, init: bytes) -> None:
        self._init = init, self._save(f"{self._quality}/init.mp4", init)

    def _on_fragment(self, fragment: bytearray) -> None:
        number = self._first // SOUND_SEGMENT + len(self._segments)
        set_sequence_number(fragment, number + 1)
        set_decode_time(fragment, decode_time(fragment) + self._first * SOUND_FRAME)
        found = samples(fragment)
        duration = found[-1].decode_time + found[-1].duration - found[0].decode_time
        file = self._save(f"{self._quality}/{number:05d}.m4s", bytes(fragment))
        self._segments.append(SegmentFile(number, file, decode_time(fragment), duration, len(found)))
        self._progress(len(self._segments))
