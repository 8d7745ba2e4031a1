"""One chunk of the source, decoded once and encoded into every rung. Imports PyAV: for a media child alone."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator
from fractions import Fraction
from typing import Protocol

from av.video.frame import VideoFrame

from svc_transcode.media.frames import FrameReader
from svc_transcode.media.graph import Cascade
from svc_transcode.media.grid import ticks
from svc_transcode.media.jobs import TrackMade, VideoJob, VideoMade
from svc_transcode.media.parts import PartReader
from svc_transcode.media.source import keep_only, open_source, pick_video, set_up_decoder
from svc_transcode.media.x264 import RungEncoder, Save

_AHEAD = 6  # pictures that may wait for a slow rung
_REPORT_EVERY = 25  # frames


def encode_chunk(job: VideoJob, reader: PartReader, save: Save, progress: Callable[[int], None]) -> VideoMade:
    """Encodes job.start ≤ time < job.end. Raises MediaRejected and PartUnavailable as the frames do."""
    bounds, rate = job.source.bounds, job.info.video.frame_rate
    rungs = sorted(job.rungs, key=lambda rung: rung.width * rung.height, reverse=True)
    with open_source(reader, bounds) as container:
        stream = pick_video(container, bounds)
        keep_only(container, stream)
        set_up_decoder(stream, bounds, job.threads)
        frames = FrameReader(container, stream, reader, job.info)
        cascade = Cascade(job.info.video, [(rung.width, rung.height) for rung in rungs])
        encoders: list[_Encoder] = []
        count = 0
        try:
            for place, picture in _pictures(frames, cascade, job):
                if not encoders:
                    made = [RungEncoder(rung, rate, job.preset, job.threads, save) for rung in rungs]
                    encoders = [_Threaded(one) for one in made] if job.threads > 1 else list(made)
                encoders[place].encode(picture, _tick(picture, job.info.origin))
                count += place == 0
                if place == 0 and count % _REPORT_EVERY == 0:
                    progress(count)
            if frames.end is None:
                return VideoMade((), 0, frames.damaged_packets)
            tracks = {one.quality: one for one in [encoder.finish(ticks(frames.end)) for encoder in encoders]}
        finally:
            for encoder in encoders:
                if isinstance(encoder, _Threaded):
                    encoder.stop()
    progress(count)
    ordered = tuple(tracks[rung.quality] for rung in job.rungs if rung.quality in tracks)
    return VideoMade(ordered, count, frames.damaged_packets)


def _pictures(frames: FrameReader, cascade: Cascade, job: VideoJob) -> Iterator[tuple[int, VideoFrame]]:
    """Those of the chunk, each with the place of its rung. Deinterlacing looks at the pictures beside each."""
    first, end = ticks(job.start), None if job.end is None else ticks(job.end)
    for timed in frames.between(job.start, job.end, around=1 if job.info.video.interlaced else 0):
        yield from _within(cascade.push(timed.frame), job.info.origin, first, end)
    yield from _within(cascade.finish(), job.info.origin, first, end)


def _within(
    pictures: Iterator[tuple[int, VideoFrame]], origin: Fraction, first: int, end: int | None
) -> Iterator[tuple[int, VideoFrame]]:
    for place, picture in pictures:
        tick = _tick(picture, origin)
        if first <= tick and (end is None or tick < end):
            yield place, picture


def _tick(picture: VideoFrame, origin: Fraction) -> int:
    return ticks((picture.pts or 0) * Fraction(picture.time_base or 1) - origin)


class _Encoder(Protocol):
    def encode(self, frame: VideoFrame, tick: int) -> None: ...
    def finish(self, end: int) -> TrackMade: ...


class _Threaded:
    """A rung encoder in a thread of its own: x264 works outside the interpreter's lock."""

    def __init__(self, encoder: RungEncoder) -> None:
        self._encoder = encoder
        self._waiting: queue.Queue[tuple[VideoFrame, int] | None] = queue.Queue(_AHEAD)
        self._failure: Exception | None = None
        self._thread = threading.Thread(target=self._work, name="rung", daemon=True)
        self._thread.start()

    def encode(self, frame: VideoFrame, tick: int) -> None:
        self._raise()
        self._waiting.put((frame, tick))

    def finish(self, end: int) -> TrackMade:
        self.stop()
        self._raise()
        return self._encoder.finish(end)

    def stop(self) -> None:
        """Lets the thread end after what it was given; harmless when repeated."""
        if self._thread.is_alive():
            self._waiting.put(None)
            self._thread.join()

    def _work(self) -> None:
        while (item := self._waiting.get()) is not None:
            if self._failure is None:
                try:
                    self._encoder.encode(*item)
                except Exception as failure:  # raised again by whoever feeds this rung
                    self._failure = failure

    def _raise(self) -> None:
        if self._failure is not None:
            raise self._failure
