"""A work queue in tests, and a worker in the background."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from mesh.bus import Backoff, Bus, JobHandler, JobQueue
from vidmesh.transcode.v1.transcode_events_pb2 import TranscodeJob

QUICK = Backoff(first=timedelta(milliseconds=50), most=timedelta(milliseconds=200))
SHORT = timedelta(seconds=1)
"""How long a silent worker is believed to be alive in these tests."""


def job(name: str) -> TranscodeJob:
    return TranscodeJob(job_id=name, video_id="video", crew="any")


def queue_of(bus: Bus, max_attempts: int = 3) -> JobQueue[TranscodeJob]:
    return JobQueue(bus, TranscodeJob, max_attempts=max_attempts, backoff=QUICK, ack_wait=SHORT)


class Worker:
    """Works in the background for the length of the block."""

    def __init__(
        self, queue: JobQueue[TranscodeJob], handler: JobHandler[TranscodeJob], slots: int = 1, grace: float = 0
    ) -> None:
        self._work = queue.work(handler, slots, grace=timedelta(seconds=grace))

    async def __aenter__(self) -> None:
        self._task = asyncio.create_task(self._work)

    async def __aexit__(self, *_: object) -> None:
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)


async def empty(queue: JobQueue[TranscodeJob]) -> bool:
    """Whether nothing is left, once what was settled has been written down."""
    for _ in range(40):
        depth = await queue.depth()
        if (depth.waiting, depth.running) == (0, 0):
            return True
        await asyncio.sleep(0.05)
    return False
