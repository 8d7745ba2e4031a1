"""Jobs that may not count: parts of a job that may still succeed, and jobs of an earlier run.

Invariant: each chunk of a track is counted once.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from dataclasses import replace
from pathlib import Path

import pytest

from mesh.bus.envelope import Envelope
from mesh.bus.outbox import Outbox
from mesh.errors import Fault
from mesh.tables import open_tables
from svc_transcode.processing import plan
from svc_transcode.processing.ids import JobId
from svc_transcode.processing.model import JobRow, JobState
from svc_transcode.processing.queue import Queue
from svc_transcode.processing.speeds import Speeds
from svc_transcode.processing.store import ProcessingStore
from svc_transcode.processing.tables import PROCESSING
from svc_transcode.processing.working import Working
from svc_transcode.tables import OUTBOX, SCHEMA

from .videos import OPTIONS, VIDEO_ID, done, planned, source


class Silent:
    """A bus that nothing is said on here."""

    async def send(self, envelope: Envelope) -> None:
        """Nobody listens."""


class Desk:
    """A planned video of 20 s with all jobs out."""

    def __init__(self, store: ProcessingStore, working: Working) -> None:
        self.store = store
        self.working = working
        self.head, self.jobs = planned(source(20))

    async def open(self) -> None:
        await self.store.create(self.head)
        await self.store.add_jobs(VIDEO_ID, list(self.jobs.values()))

    async def succeed(self, job: JobRow) -> None:
        made = done(job, self.head).made
        assert made is not None
        await self.working.succeed(JobId(VIDEO_ID, job.name, 1), 1, made.result)

    async def counted(self, track: str) -> int:
        head = await self.store.head(VIDEO_ID)
        assert head is not None
        return head.value.track(track).done

    async def state(self, name: str) -> JobState:
        found = await self.store.job(VIDEO_ID, name)
        assert found is not None
        return found.value.state


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncGenerator[Desk]:
    async with open_tables(f"sqlite://{tmp_path}/t.db", SCHEMA) as tables:
        store = ProcessingStore(tables, Outbox(tables, Silent(), hints=OUTBOX, sources=(PROCESSING,)))
        one = Desk(store, Working(store, Queue(tables), OPTIONS, 4, Speeds(lambda: 1, lambda: 0.0)))
        await one.open()
        yield one


async def test_a_part_waits_while_the_whole_may_succeed_and_is_dropped_when_it_did(desk: Desk) -> None:
    whole = desk.jobs["v0-00001-r1"]
    # As a crash leaves it: the parts are there and out, and the whole is not given up.
    parts = [replace(part, state=JobState.RELEASED, release=1) for part in plan.split(whole)]
    await desk.store.add_jobs(VIDEO_ID, parts)
    part = JobId(VIDEO_ID, parts[0].name, 1)
    with pytest.raises(Fault) as refused:
        await desk.working.start(part, 1, "a worker")
    assert refused.value.code.name == "UNAVAILABLE"
    with pytest.raises(Fault):
        await desk.working.give_up(part)
    assert await desk.state(parts[0].name) is JobState.RELEASED

    await desk.succeed(whole)
    with pytest.raises(Fault) as refused:
        await desk.working.start(part, 2, "a worker")
    assert refused.value.reason_name == "JOB_FENCED"
    assert (await desk.state(parts[0].name), await desk.counted("360p")) == (JobState.CANCELLED, 1)


async def test_the_parts_of_a_job_that_was_given_up_are_done_in_its_place(desk: Desk) -> None:
    await desk.working.give_up(JobId(VIDEO_ID, "v0-00001-r1", 1))
    assert await desk.state("v0-00001-r1") is JobState.CANCELLED
    found = await desk.store.job(VIDEO_ID, "v0-00001-720p-r1")
    assert found is not None
    await desk.store.change_job(VIDEO_ID, found, replace(found.value, state=JobState.RELEASED, release=1))
    await desk.working.start(JobId(VIDEO_ID, "v0-00001-720p-r1", 1), 1, "a worker")
    await desk.succeed(found.value)
    assert (await desk.counted("720p"), await desk.counted("360p")) == (1, 0)


async def test_a_job_of_an_earlier_run_counts_no_more(desk: Desk) -> None:
    head = await desk.store.head(VIDEO_ID)
    assert head is not None
    assert await desk.store.commit(head, replace(head.value, run=2))
    late = desk.jobs["v0-00000-r1"]
    with pytest.raises(Fault) as refused:
        await desk.succeed(late)
    assert refused.value.reason_name == "JOB_FENCED"
    assert (await desk.state(late.name), await desk.counted("720p")) == (JobState.CANCELLED, 0)


async def test_a_dead_letter_of_an_earlier_release_changes_nothing(desk: Desk) -> None:
    found = await desk.store.job(VIDEO_ID, "a-r1")
    assert found is not None
    await desk.store.change_job(VIDEO_ID, found, replace(found.value, release=2))
    await desk.working.give_up(JobId(VIDEO_ID, "a-r1", 1))
    assert await desk.state("a-r1") is JobState.RELEASED
