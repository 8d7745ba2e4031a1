"""Reads a track back as a player would: decodes init + segments to the last frame. For a media child alone."""

from __future__ import annotations

from fractions import Fraction

from av.audio.frame import AudioFrame
from av.error import FFmpegError
from av.video.frame import VideoFrame

from svc_transcode.media.jobs import Verified, VerifyJob
from svc_transcode.media.parts import PartReader
from svc_transcode.media.source import damaged, open_source


def verify(job: VerifyJob, reader: PartReader) -> Verified:
    """Counts and times what can be decoded. Raises MediaRejected (DAMAGED) at the first thing that cannot."""
    frames = 0
    first: Fraction | None = None
    end = Fraction(0)
    with open_source(reader, job.source.bounds) as container:
        stream = container.streams[0]
        try:
            for frame in container.decode(stream):
                if not isinstance(frame, VideoFrame | AudioFrame) or frame.pts is None:
                    continue
                base = Fraction(frame.time_base or stream.time_base or 1)
                if isinstance(frame, AudioFrame):
                    frames, length = frames + frame.samples, Fraction(frame.samples, frame.sample_rate)
                else:
                    frames, length = frames + 1, frame.duration * base
                first = frame.pts * base if first is None else first
                end = frame.pts * base + length
        except FFmpegError as failure:
            raise damaged(f"A segment cannot be decoded after {frames} frames.") from failure
    reader.check()
    if first is None:
        raise damaged("The segments have nothing in them.")
    return Verified(frames, first, end)
