"""Whose jobs are released next, on real tables: channels in turn however many wait, and what nobody waits for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from mesh.bus.dispatch import SHARE
from mesh.tables import Tables
from svc_transcode.processing import plan
from svc_transcode.processing.model import Head, JobRow
from svc_transcode.processing.priorities import Urgency, in_queue, urgency
from svc_transcode.processing.queue import PAGE, Queue
from svc_transcode.processing.store import ProcessingStore

from .queues import Jobs, begun, head, job, releasing, store, tables
from .videos import NOW, VIDEO_ID, planned, source

__all__ = ["store", "tables"]

CHANNELS = PAGE + 60


async def released(store: ProcessingStore, queue: Queue, count: int) -> list[tuple[str, str]]:
    """The first jobs that are released, as video and name, by workers that are done with each at once."""
    jobs, found = Jobs(), list[tuple[str, str]]()
    _, dispatcher = releasing(store, queue, jobs)
    while len(found) < count:
        assert await dispatcher.release()
        for job_id in jobs.sent[len(found) :]:
            video_id, name, _release = job_id.split("~")
            found.append((video_id, name))
            await queue.settle(video_id, name)
    return found


async def test_a_thousand_uploads_of_one_channel_do_not_hold_up_those_of_many_others(
    tables: Tables, store: ProcessingStore
) -> None:
    queue = Queue(tables)
    eager = head("eager", "a", NOW - timedelta(hours=1))
    await store.create(eager)
    jobs = [job(f"j{n:04d}") for n in range(1000)]
    await store.add_jobs(eager.video_id, jobs)
    await queue.add(eager, jobs)
    others = [f"other-{n:03d}" for n in range(CHANNELS)]
    for name in others:
        await begun(store, queue, name, name, [job("x")])
    order = [video for video, _ in await released(store, queue, CHANNELS + 10)]
    assert set(others) <= set(order)


async def test_each_of_more_channels_than_one_look_sees_gets_as_much_as_the_others(
    tables: Tables, store: ProcessingStore
) -> None:
    queue = Queue(tables)
    for n in range(CHANNELS):
        await begun(store, queue, f"video-{n:03d}", f"channel-{n:03d}", [job(f"j{m}") for m in range(4)])
    served = Counter(video for video, _ in await released(store, queue, CHANNELS + CHANNELS // 4))
    assert len(served) == CHANNELS
    assert max(served.values()) == 2


async def test_reading_back_goes_on_while_there_is_always_an_upload(tables: Tables, store: ProcessingStore) -> None:
    queue = Queue(tables)
    await begun(store, queue, "busy", "a", [job(f"j{n:02d}") for n in range(60)])
    reading = [job(f"y{n}", plan.PRIORITY_VERIFY) for n in range(5)]
    await begun(store, queue, "watched", "b", reading)
    order = await released(store, queue, 5 * SHARE)
    assert {name for video, name in order if video == "watched"} == {row.name for row in reading}


async def test_what_is_made_anew_of_a_video_that_can_be_watched_waits_for_uploads(
    tables: Tables, store: ProcessingStore
) -> None:
    queue = Queue(tables)
    again = replace(head("again", "a", NOW - timedelta(hours=1)), run=2, playable_time=NOW)
    await made(store, queue, again, [job(f"j{n}") for n in range(6)])
    await made(store, queue, head("upload", "a"), [job(f"j{n}") for n in range(6)])
    await made(store, queue, head("upload", "a"), [job("y", plan.PRIORITY_VERIFY)])
    order = [video for video, _ in await released(store, queue, 8)]
    assert order[0] == "upload"
    assert Counter(order) == {"upload": 7, "again": 1}, "it has its share of what nobody waits for"


async def made(store: ProcessingStore, queue: Queue, begun: Head, jobs: Sequence[JobRow]) -> None:
    await store.create(begun)
    await store.add_jobs(begun.video_id, jobs)
    await queue.add(begun, jobs)


def test_a_retry_of_a_video_that_nobody_can_watch_is_as_urgent_as_an_upload() -> None:
    first, _ = planned(source(20))
    watched = replace(first, playable_time=NOW)
    assert first.video_id == VIDEO_ID
    assert [urgency(one) for one in (first, watched, replace(first, run=2), replace(watched, run=2))] == [
        Urgency.UPLOAD,
        Urgency.UPLOAD,
        Urgency.UPLOAD,
        Urgency.AGAIN,
    ]


def test_no_place_among_the_jobs_of_a_video_makes_it_as_urgent_as_another() -> None:
    upload = head("upload", "a")
    again = replace(upload, run=2, playable_time=NOW)
    assert in_queue(upload, plan.PRIORITY_BOARD) < in_queue(again, plan.PRIORITY_PROBE)
