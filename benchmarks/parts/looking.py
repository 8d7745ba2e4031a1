"""How long the dispatcher looks, on real tables, with a thousand workers' jobs out."""

from __future__ import annotations

import time
from pathlib import Path
from statistics import median

import structlog

from mesh.bus.dispatch import AHEAD
from mesh.bus.envelope import Envelope
from mesh.bus.outbox import Outbox
from mesh.tables import open_tables
from svc_transcode.media.coding import ENCODERS, Codec
from svc_transcode.processing import plan
from svc_transcode.processing.crews import Crews, Worker
from svc_transcode.processing.dispatching import Dispatching, Releasing
from svc_transcode.processing.model import Head, JobRow, Kind, State
from svc_transcode.processing.needs import NOTHING
from svc_transcode.processing.queue import Queue
from svc_transcode.processing.store import ProcessingStore
from svc_transcode.processing.tables import PROCESSING
from svc_transcode.tables import OUTBOX, SCHEMA
from vidmesh.transcode.v1.transcode_events_pb2 import TranscodeJob

from .fleet import EPOCH

ENDED = 50
"""Jobs that ended since the last look."""


class _Bus:
    """Takes everything."""

    async def send(self, envelope: Envelope) -> None:
        """An event."""

    async def submit(self, message: TranscodeJob, job_id: str) -> None:
        """A job."""


async def look_seconds(folder: Path, workers: int, looks: int) -> float:
    """Median of so many looks, each with `ENDED` jobs to release anew."""
    bus, log = _Bus(), structlog.get_logger()
    async with open_tables(f"sqlite://{folder}/looking.db", SCHEMA) as tables:
        store = ProcessingStore(tables, Outbox(tables, bus, hints=OUTBOX, sources=(PROCESSING,)))
        queue, crews = Queue(tables), Crews(tables, time.monotonic)
        await crews.announce(Worker("all", workers, NOTHING, (ENCODERS[Codec.H264],), 0))
        dispatching = Dispatching(Releasing(store, queue, bus, crews, log), queue, crews, log)
        each = AHEAD * workers // 10 + looks * ENDED // 10 + 1
        for number in range(10):
            head = Head(f"video-{number}", f"channel-{number}", 1, State.ENCODING, run=1, start_time=EPOCH)
            jobs = [JobRow(f"j{job:05d}", Kind.VIDEO, plan.PRIORITY_FIRST, "") for job in range(each)]
            await store.create(head)
            await store.add_jobs(head.video_id, jobs)
            await queue.add(head, jobs)
        while await dispatching.release():
            pass
        found: list[float] = []
        for _ in range(looks):
            out, _cursor = await queue.out(ENDED, None)
            for job in out:
                await queue.settle(job.video_id, job.job)
            began = time.perf_counter()
            await dispatching.release()
            found.append(time.perf_counter() - began)
    return median(found)
