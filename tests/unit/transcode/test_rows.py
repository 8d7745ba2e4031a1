"""The queue and the rows of jobs on real tables."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace
from datetime import timedelta

import pytest
import structlog

from mesh.bus.errors import BusUnavailable
from mesh.tables import Tables
from svc_transcode.media import jobs as media
from svc_transcode.processing import plan
from svc_transcode.processing.dispatching import Releasing
from svc_transcode.processing.ids import JobId
from svc_transcode.processing.model import Head, JobState, Made, State
from svc_transcode.processing.queue import Queue
from svc_transcode.processing.recovering import LOST, SETTLED, SILENT, Recovering
from svc_transcode.processing.store import Change, ProcessingStore
from svc_transcode.processing.tables import PROCESSING

from .queues import Jobs, begun, head, job, releasing, store, tables
from .videos import NOW, VIDEO_ID

__all__ = ["store", "tables"]


async def test_every_channel_is_offered_however_many_jobs_the_others_have(
    tables: Tables, store: ProcessingStore
) -> None:
    queue = Queue(tables)
    for channel in "abcdefgh":
        await begun(store, queue, f"video-{channel}", channel, [job(f"j{n}") for n in range(20)])
    offered = await queue.next(4)
    assert {one.channel_id for one in offered} == set("abcdefgh")
    jobs = Jobs()
    _, dispatcher = releasing(store, queue, jobs)
    served: list[str] = []
    for _ in range(4):
        await dispatcher.release()
        for job_id in jobs.sent[len(served) :]:
            video_id, name, _release = job_id.split("~")
            served.append(video_id)
            await queue.settle(video_id, name)
    assert set(served[:8]) == {f"video-{channel}" for channel in "abcdefgh"}


async def test_the_smallest_priority_goes_first_and_the_oldest_job_of_a_channel(
    tables: Tables, store: ProcessingStore
) -> None:
    queue = Queue(tables)
    await begun(store, queue, "later", "a", [job("x", plan.PRIORITY_REST), job("y", plan.PRIORITY_FIRST)])
    await queue.add(head("earlier", "a", NOW - timedelta(seconds=1)), [job("z")])
    assert [one.job for one in await queue.next(10)] == ["z", "y", "x"]


async def test_a_group_without_jobs_is_forgotten_and_one_that_gets_some_is_back(
    tables: Tables, store: ProcessingStore
) -> None:
    queue = Queue(tables)
    await begun(store, queue, VIDEO_ID, "a", [job("x")])
    (waiting,) = await queue.next(10)
    await queue.remove(waiting)
    assert await queue.next(10) == []
    await queue.add(head(VIDEO_ID, "a"), [job("x")])
    assert [one.job for one in await queue.next(10)] == ["x"]


async def test_about_twice_as_many_jobs_as_slots_are_out(tables: Tables, store: ProcessingStore) -> None:
    queue, jobs = Queue(tables), Jobs()
    await begun(store, queue, VIDEO_ID, "a", [job(f"j{n:02d}") for n in range(20)])
    _, dispatcher = releasing(store, queue, jobs)
    assert (await dispatcher.release(), await dispatcher.release()) == (4, 0)
    await queue.seen(VIDEO_ID, "j00", "a-worker/0")
    await queue.seen(VIDEO_ID, "j01", "a-worker/1")
    await queue.settle(VIDEO_ID, "j02")
    assert await dispatcher.release() == 1
    assert await dispatcher.release() == 2


async def test_a_job_that_was_to_be_sent_while_the_bus_was_away_is_sent_when_it_is_back(
    tables: Tables, store: ProcessingStore
) -> None:
    queue, jobs = Queue(tables), Jobs()
    await begun(store, queue, VIDEO_ID, "a", [job("x")])
    _, dispatcher = releasing(store, queue, jobs)
    jobs.away = True
    with pytest.raises(BusUnavailable):
        await dispatcher.release()
    jobs.away = False
    await dispatcher.release()
    assert jobs.sent == [f"{VIDEO_ID}~x~1"]
    assert await queue.next(10) == []


@dataclass
class Sweep:
    """Looks for what was lost, at times of its own."""

    queue: Queue
    releasing: Releasing
    jobs: Jobs
    now: float = 0.0
    given_up: list[str] = field(default_factory=list[str])

    def __post_init__(self) -> None:
        log = structlog.get_logger()
        self._recovering = Recovering(
            self.queue, self.releasing, self._held, self._give_up, 2, log, clock=lambda: self.now
        )

    async def _held(self, job_id: JobId, crew: str) -> bool:
        del crew
        return self.jobs.holds(str(job_id))

    async def _give_up(self, job_id: JobId) -> None:
        self.given_up.append(str(job_id))

    async def after(self, seconds: float) -> bool:
        """Whether it wants to look again soon."""
        self.now += seconds
        return await self._recovering.look()


@pytest.fixture
async def sweep(tables: Tables, store: ProcessingStore) -> Sweep:
    """The job "x" is out, and the job "y" was out and is done."""
    queue, jobs = Queue(tables), Jobs()
    await begun(store, queue, VIDEO_ID, "a", [job("x"), job("y")])
    one, dispatcher = releasing(store, queue, jobs)
    await dispatcher.release()
    found = await store.job(VIDEO_ID, "y")
    assert found is not None
    await store.change_job(VIDEO_ID, found, replace(found.value, state=JobState.DONE))
    assert jobs.sent == [f"{VIDEO_ID}~x~1", f"{VIDEO_ID}~y~1"]
    return Sweep(queue, one, jobs)


async def test_a_job_that_the_bus_has_lost_is_released_again_at_the_second_look(sweep: Sweep) -> None:
    sweep.jobs.lost = {f"{VIDEO_ID}~x~1"}
    assert await sweep.after(0)
    assert await sweep.after(LOST - 0.1)
    assert sweep.jobs.sent[2:] == []
    assert not await sweep.after(0.1)
    assert sweep.jobs.sent[2:] == [f"{VIDEO_ID}~x~2"]
    assert not await sweep.after(60)
    assert sweep.jobs.sent[3:] == []


async def test_a_job_that_is_on_the_bus_again_was_never_lost(sweep: Sweep) -> None:
    sweep.jobs.lost = {f"{VIDEO_ID}~x~1"}
    assert await sweep.after(0)
    sweep.jobs.lost.clear()
    assert not await sweep.after(LOST)
    sweep.jobs.lost = {f"{VIDEO_ID}~x~1"}
    assert await sweep.after(LOST)
    assert sweep.jobs.sent[2:] == []


async def test_a_job_that_nobody_speaks_of_is_released_again_and_a_settled_one_is_forgotten(sweep: Sweep) -> None:
    assert not await sweep.after(0)
    assert {out.job async for out in sweep.queue.released()} == {"x", "y"}
    await sweep.after(SETTLED + 1)
    assert [out.job async for out in sweep.queue.released()] == ["x"]
    await sweep.after(SILENT - SETTLED - 1)
    assert sweep.jobs.sent[2:] == []
    await sweep.after(1)
    assert sweep.jobs.sent[2:] == [f"{VIDEO_ID}~x~2"]


async def test_a_worker_that_speaks_keeps_its_job_whatever_the_clocks_of_this_world_say(sweep: Sweep) -> None:
    await sweep.after(0)
    for _ in range(3):
        await sweep.queue.seen(VIDEO_ID, "x", "a worker/0")
        await sweep.after(SILENT)
    assert sweep.jobs.sent[2:] == []


async def test_a_job_over_which_workers_fall_silent_is_given_up_after_so_many_attempts(
    sweep: Sweep, store: ProcessingStore
) -> None:
    for release in (1, 2):
        found = await store.job(VIDEO_ID, "x")
        assert found is not None
        assert found.value.release == release
        await store.change_job(VIDEO_ID, found, replace(found.value, attempt=1))
        await sweep.after(0)
        await sweep.after(SILENT + 1)
    assert sweep.jobs.sent[2:] == [f"{VIDEO_ID}~x~2"]
    assert sweep.given_up == [f"{VIDEO_ID}~x~2"]


async def test_what_is_written_while_a_video_is_purged_goes_when_its_turn_comes(
    tables: Tables, store: ProcessingStore
) -> None:
    queue, jobs = Queue(tables), Jobs()
    await store.add_jobs(VIDEO_ID, [job("x")])
    await queue.add(head(VIDEO_ID, "a"), [job("x")])
    _, dispatcher = releasing(store, queue, jobs)
    await dispatcher.release()
    assert (jobs.sent, await queue.next(10)) == ([], [])
    assert (await tables.walk(PROCESSING, limit=10)).rows == ()


async def test_the_sound_of_twelve_hours_fits_into_a_row(store: ProcessingStore) -> None:
    segments = tuple(
        media.SegmentFile(n, media.File(f"audio/{n:05d}.m4s", 32_000, f"{n * 7919:064x}"), n * 96_000, 96_000, 94)
        for n in range(12 * 1800)
    )
    track = media.TrackMade("audio", "mp4a.40.2", 48_000, media.File("audio/init.mp4", 700, "b" * 64), segments)
    result = media.to_json(media.RESULT, media.AudioMade(track))
    await store.create(Head(VIDEO_ID, "a", 1, State.ENCODING, run=1, start_time=NOW))
    await store.add_jobs(VIDEO_ID, [job("a-r1")])
    head, found = await store.head(VIDEO_ID), await store.job(VIDEO_ID, "a-r1")
    assert head is not None
    assert found is not None
    made = replace(found.value, state=JobState.DONE, made=Made(result, "s/a-r1.1.1"))
    assert await store.commit(head, head.value, Change(jobs=((found, made),)))
    kept = await store.job(VIDEO_ID, "a-r1")
    assert kept is not None
    assert kept.value == made


async def test_a_commit_is_all_or_nothing_and_loses_to_whoever_was_first(store: ProcessingStore) -> None:
    await store.create(Head(VIDEO_ID, "a", 1, State.ENCODING, run=1, start_time=NOW))
    await store.add_jobs(VIDEO_ID, [job("x")])
    head, found = await store.head(VIDEO_ID), await store.job(VIDEO_ID, "x")
    assert head is not None
    assert found is not None
    both = [
        store.commit(head, replace(head.value, run=n), Change(jobs=((found, replace(found.value, run=n)),)))
        for n in (2, 3)
    ]
    assert sorted(await asyncio.gather(*both)) == [False, True]
    after, changed = await store.head(VIDEO_ID), await store.job(VIDEO_ID, "x")
    assert after is not None
    assert changed is not None
    assert after.value.run == changed.value.run
    assert (after.version, changed.version) == (2, 2)
