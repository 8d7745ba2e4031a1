"""How far a job is, and telling it now and then."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from fractions import Fraction
from typing import Final, NoReturn

from svc_transcode.media import jobs as media
from svc_transcode.media.grid import SEGMENT

EVERY: Final = 1.0
"""Seconds between two reports of progress, at least."""
BEAT: Final = 10.0
"""Seconds between two reports, at most."""
NEARLY: Final = 0.99
"""A job is whole only when its end is recorded."""


def share_of(job: media.Job, done: int) -> float:
    """The share of the work after `done` frames, segments or pictures, 0 to 1."""
    expected = _expected(job)
    return min(float(done / expected), NEARLY) if expected > 0 else 0.0


def _expected(job: media.Job) -> Fraction:
    match job:
        case media.VideoJob(info=info, start=start, end=end):
            return ((info.video_duration if end is None else end) - start) * info.video.frame_rate
        case media.AudioJob(info=info):
            return info.duration / SEGMENT
        case media.ThumbnailJob(times=times):
            return Fraction(len(times))
        case media.StoryboardJob(starts=starts):
            return Fraction(len(starts))
        case media.DownloadJob(source=source):
            return Fraction(len(source.part_sizes))
        case _:
            return Fraction(0)


class Reporter:
    """Sends a job's share: soon after it changed, and as a sign of life where it did not."""

    def __init__(self, send: Callable[[float], Awaitable[None]], *, every: float = EVERY, beat: float = BEAT) -> None:
        self._send = send
        self._every, self._beat = every, beat
        self._share = 0.0

    def tell(self, share: float) -> None:
        """It is this far now; never less far than before."""
        self._share = max(self._share, share)

    async def run(self) -> NoReturn:
        """Until cancelled. Raises what `send` raises."""
        clock = asyncio.get_running_loop().time
        sent, at = 0.0, clock()
        while True:
            await asyncio.sleep(self._every)
            if self._share > sent or clock() - at >= self._beat:
                sent, at = self._share, clock()
                await self._send(sent)
