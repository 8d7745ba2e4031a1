"""The queue on real tables, and a bus that is not there."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from datetime import datetime
from pathlib import Path

import pytest
import structlog

from mesh.bus.envelope import Envelope
from mesh.bus.errors import BusUnavailable
from mesh.bus.outbox import Outbox
from mesh.tables import Tables, open_tables
from svc_transcode.processing import plan
from svc_transcode.processing.crews import NOBODY_TOLD, Crews, Present
from svc_transcode.processing.dispatching import Dispatching, Releasing
from svc_transcode.processing.model import Head, JobRow, Kind, State
from svc_transcode.processing.queue import Queue
from svc_transcode.processing.store import ProcessingStore
from svc_transcode.processing.tables import PROCESSING
from svc_transcode.tables import OUTBOX, SCHEMA
from vidmesh.transcode.v1.transcode_events_pb2 import TranscodeJob

from .videos import NOW


class Silent:
    """A bus that nothing is said on here."""

    async def send(self, envelope: Envelope) -> None:
        """Nobody listens."""


class Jobs:
    """The work queue's front: what was put in, and a bus that can be away."""

    def __init__(self) -> None:
        self.sent: list[str] = []
        self.lost = set[str]()
        self.away = False

    async def submit(self, message: TranscodeJob, job_id: str) -> None:
        """As `JobQueue.submit`: an id that is known is not put in twice."""
        if self.away:
            raise BusUnavailable("away")
        if job_id not in self.sent:
            self.sent.append(job_id)

    def holds(self, job_id: str) -> bool:
        """As `JobQueue.holds`."""
        return job_id in self.sent and job_id not in self.lost


@pytest.fixture
async def tables(tmp_path: Path) -> AsyncGenerator[Tables]:
    async with open_tables(f"sqlite://{tmp_path}/t.db", SCHEMA) as opened:
        yield opened


@pytest.fixture
def store(tables: Tables) -> ProcessingStore:
    return ProcessingStore(tables, Outbox(tables, Silent(), hints=OUTBOX, sources=(PROCESSING,)))


def job(name: str, priority: int = plan.PRIORITY_FIRST) -> JobRow:
    return JobRow(name, Kind.VIDEO, priority, "")


def head(video_id: str, channel: str, start_time: datetime = NOW) -> Head:
    return Head(video_id, channel, 1, State.ENCODING, run=1, start_time=start_time)


async def begun(store: ProcessingStore, queue: Queue, video_id: str, channel: str, jobs: Sequence[JobRow]) -> None:
    """A video whose jobs wait."""
    await store.create(head(video_id, channel))
    await store.add_jobs(video_id, jobs)
    await queue.add(head(video_id, channel), jobs)


def releasing(
    store: ProcessingStore, queue: Queue, jobs: Jobs, crews: Crews | None = None
) -> tuple[Releasing, Dispatching]:
    """Without `crews`, of workers that do not say what they can do."""
    crews, log = crews or Unsaid(), structlog.get_logger()
    one = Releasing(store, queue, jobs, crews, log)
    return one, Dispatching(one, queue, crews, log)


class Unsaid(Crews):
    """No worker ever said what it can do."""

    def __init__(self) -> None: ...

    async def present(self) -> Present:
        return NOBODY_TOLD
