"""One chunk of the source, decoded once and encoded into every rung. Imports PyAV: for a media child alone."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
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
            for timed in frames.between(job.start, job.end):
                if not encoders:
                    made = [RungEncoder(rung, rate, job.preset, job.threads, save) for rung in rungs]
                    encoders = [_Threaded(one) for one in made] if job.threads > 1 else list(made)
                for place, picture in cascade.push(timed.frame):
                    encoders[place].encode(picture, _tick(picture, job.info.origin))
                count += 1
                if count % _REPORT_EVERY == 0:
                    progress(count)
            for place, picture in cascade.finish():
                encoders[place].encode(picture, _tick(picture, job.info.origin))
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
