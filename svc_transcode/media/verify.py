"""Reads a track back as a player would: decodes init + segments to the last frame. For a media child alone."""

from __future__ import annotations

from fractions import Fraction

from av.audio.frame import AudioFrame
from av.container import InputContainer
from av.error import FFmpegError
from av.video.frame import VideoFrame

from svc_transcode.media.boxes import BoxError
from svc_transcode.media.codecs import timescale_of
from svc_transcode.media.fragment import Sample, samples
from svc_transcode.media.jobs import Verified, VerifyJob
from svc_transcode.media.parts import PartReader
from svc_transcode.media.source import damaged, open_source


def verify(job: VerifyJob, reader: PartReader) -> Verified:
    """Decodes everything, and times it by the boxes.

    Not by the decoder: where composition offsets are negative, FFmpeg's demuxer shows every picture later by the
    depth of the reordering. Raises MediaRejected (DAMAGED) where the boxes are no fragments, a frame cannot be
    decoded, or a picture is missing.
    """
    try:
        timescale, found = _samples(job, reader)
    except BoxError as failure:
        raise damaged(f"The segments are not what they should be: {failure}.") from failure
    with open_source(reader, job.source.bounds) as container:
        pictures, sounds = _decode(container)
    reader.check()
    if pictures and pictures != len(found):
        raise damaged(f"{pictures} of {len(found)} pictures can be decoded.")
    return Verified(
        frames=pictures or sounds,
        first=Fraction(min(sample.presentation_time for sample in found), timescale),
        end=Fraction(max(sample.decode_time + sample.duration for sample in found), timescale),
    )


def _samples(job: VerifyJob, reader: PartReader) -> tuple[int, list[Sample]]:
    timescale = timescale_of(_exactly(reader, job.source.part_sizes[0]))
    found: list[Sample] = []
    for size in job.source.part_sizes[1:]:
        found += samples(_exactly(reader, size))
    reader.seek(0)
    if not found:
        raise BoxError("there is nothing in them")
    return timescale, found


def _exactly(reader: PartReader, size: int) -> bytes:
    data = bytearray()
    while len(data) < size:
        data += reader.read(size - len(data))
    return bytes(data)


def _decode(container: InputContainer) -> tuple[int, int]:
    """The number of pictures, and of samples of sound for one channel."""
    pictures = sounds = 0
    try:
        for frame in container.decode(container.streams[0]):
            pictures += isinstance(frame, VideoFrame)
            sounds += frame.samples if isinstance(frame, AudioFrame) else 0
    except FFmpegError as failure:
        if isinstance(failure, MemoryError):
            raise
        raise damaged(f"A segment cannot be decoded after {pictures or sounds} frames.") from failure
    return pictures, sounds
