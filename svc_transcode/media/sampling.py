"""Encodes short samples of a source to see how hard it is. Imports PyAV: for a media child alone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fractions import Fraction

from av.codec.context import CodecContext
from av.video.codeccontext import VideoCodecContext
from av.video.frame import VideoFrame

from svc_transcode.media.coding import ENCODERS, Codec
from svc_transcode.media.complexity import SAMPLE, Complexity, sample_times
from svc_transcode.media.errors import MediaRejected
from svc_transcode.media.frames import FrameReader
from svc_transcode.media.graph import Cascade
from svc_transcode.media.grid import TIMESCALE, ticks
from svc_transcode.media.info import SourceInfo
from svc_transcode.media.jobs import Bounds
from svc_transcode.media.ladder import Rung, ladder
from svc_transcode.media.parts import PartReader
from svc_transcode.media.source import keep_only, open_source, pick_video, set_up_decoder

_PRESET, _QUALITY = "ultrafast", 23
_MOST_PICTURES = 30
"""Of a sample, whatever the rate."""


def sampled(info: SourceInfo, reader: PartReader, bounds: Bounds) -> Complexity | None:
    """What samples take in every size of the ladder; None where too much of them cannot be decoded, which is for the
    jobs to say that need it. Raises PartUnavailable.
    """
    rungs = ladder(info.video.width, info.video.height)
    found: list[tuple[dict[str, int], Fraction]] = []
    for start in sample_times(info.video_duration):
        try:
            found.append(_sample(info, reader, bounds, start, rungs))
        except MediaRejected:
            return None
    seconds = sum((length for _, length in found), Fraction(0))
    if not seconds:
        return None
    return Complexity(
        tuple((rung.quality, int(sum(bits[rung.quality] for bits, _ in found) / seconds)) for rung in rungs)
    )


def _sample(
    info: SourceInfo, reader: PartReader, bounds: Bounds, start: Fraction, rungs: tuple[Rung, ...]
) -> tuple[dict[str, int], Fraction]:
    """The bits of each rung, and of how many seconds."""
    largest_first = rungs[::-1]
    with open_source(reader, bounds) as container:
        stream = pick_video(container, bounds)
        keep_only(container, stream)
        set_up_decoder(stream, bounds, threads=1)
        frames = FrameReader(container, stream, reader, info)
        cascade = Cascade(info.video, [(rung.width, rung.height) for rung in largest_first])
        encoders = [_encoder(rung, info) for rung in largest_first]
        bits, counts = [0] * len(rungs), [0] * len(rungs)
        for place, picture in _pictures(frames, cascade, start):
            picture.pts, picture.time_base = ticks(counts[place] / info.video.frame_rate), Fraction(1, TIMESCALE)
            bits[place] += _bits(encoders[place].encode(picture))
            counts[place] += 1
        for place, encoder in enumerate(encoders):
            bits[place] += _bits(encoder.encode(None))
    taken = {rung.quality: bits[place] for place, rung in enumerate(largest_first)}
    return taken, counts[0] / info.video.frame_rate


def _pictures(frames: FrameReader, cascade: Cascade, start: Fraction) -> Iterator[tuple[int, VideoFrame]]:
    decoded = frames.between(start, start + SAMPLE)
    for _, timed in zip(range(_MOST_PICTURES), decoded, strict=False):
        yield from cascade.push(timed.frame)
    decoded.close()
    yield from cascade.finish()


def _encoder(rung: Rung, info: SourceInfo) -> VideoCodecContext:
    encoder = CodecContext.create(ENCODERS[Codec.H264], "w")
    assert isinstance(encoder, VideoCodecContext)  # noqa: S101  # an encoder of pictures
    encoder.width, encoder.height, encoder.pix_fmt = rung.width, rung.height, "yuv420p"
    encoder.time_base, encoder.framerate = Fraction(1, TIMESCALE), info.video.frame_rate
    encoder.thread_count = 1
    encoder.options = {"preset": _PRESET, "crf": str(_QUALITY)}
    return encoder


def _bits(packets: Iterable[object]) -> int:
    return 8 * sum(getattr(packet, "size", 0) for packet in packets)
