"""A job is done by one worker at a time, again when that worker dies, and is buried when nobody can do it."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from datetime import timedelta

import nats as nats_client
import pytest

from mesh.bus import (
    Bus,
    BusUnavailable,
    DeadLetter,
    Done,
    Drop,
    GiveUp,
    InvalidMessage,
    Job,
    JobQueue,
    Outcome,
    Retry,
    connect_bus,
)
from mesh.testing.servers import NatsServer
from vidmesh.transcode.v1.transcode_events_pb2 import TranscodeJob
from vidmesh.upload.v1.upload_events_pb2 import VideoChanged

from .seen import Seen
from .working import SHORT, Worker, empty, job, queue_of


async def test_each_job_is_done_once_by_one_of_several_workers(bus: Bus, nats: NatsServer) -> None:
    seen = Seen[str]()

    async def handler(work: Job[TranscodeJob]) -> Outcome:
        await seen(work.message.job_id)
        return Done()

    async with connect_bus(nats.settings, "other") as other:
        queue = queue_of(bus)
        await asyncio.gather(*(queue.submit(job(f"j{n}"), f"j{n}") for n in range(20)))
        async with Worker(queue, handler, slots=2), Worker(queue_of(other), handler, slots=2):
            await seen.count(20)
            assert await empty(queue)
        assert sorted(seen.all) == sorted(f"j{n}" for n in range(20))


async def test_no_more_jobs_run_at_once_than_there_are_slots(bus: Bus) -> None:
    seen = Seen[str]()
    running, most = 0, 0

    async def handler(work: Job[TranscodeJob]) -> Outcome:
        nonlocal running, most
        running += 1
        most = max(most, running)
        await asyncio.sleep(0.02)
        running -= 1
        await seen(work.message.job_id)
        return Done()

    queue = queue_of(bus)
    for n in range(12):
        await queue.submit(job(f"j{n}"), f"j{n}")
    async with Worker(queue, handler, slots=3):
        await seen.count(12)
    assert most == 3


async def test_jobs_that_no_slot_is_free_for_stay_in_the_queue_for_others(bus: Bus) -> None:
    began, go = asyncio.Event(), asyncio.Event()

    async def handler(_work: Job[TranscodeJob]) -> Outcome:
        began.set()
        await go.wait()
        return Done()

    queue = queue_of(bus)
    for n in range(3):
        await queue.submit(job(f"j{n}"), f"j{n}")
    async with Worker(queue, handler, slots=1):
        await began.wait()
        depth = await queue.depth()
        assert (depth.waiting, depth.running) == (2, 1)
        go.set()


async def test_heartbeats_keep_a_long_job_from_being_handed_out_twice(bus: Bus) -> None:
    attempts: list[int] = []
    done = asyncio.Event()

    async def handler(work: Job[TranscodeJob]) -> Outcome:
        attempts.append(work.attempt)
        await asyncio.sleep(2.5 * SHORT.total_seconds())
        done.set()
        return Done()

    queue = queue_of(bus)
    async with Worker(queue, handler, slots=2):
        await queue.submit(job("long"), "long")
        async with asyncio.timeout(10):
            await done.wait()
        assert await empty(queue)
    assert attempts == [1]


WORKER = """
import asyncio, sys
from datetime import timedelta
from mesh.bus import JobQueue, connect_bus
from mesh.config import load_settings
from vidmesh.transcode.v1.transcode_events_pb2 import TranscodeJob

async def handler(work):
    print(work.message.job_id, work.attempt, flush=True)
    await asyncio.sleep(60)

async def main():
    async with connect_bus(load_settings().bus.model_copy(update={"url": sys.argv[1]}), "doomed") as bus:
        await JobQueue(bus, TranscodeJob, max_attempts=3, ack_wait=timedelta(seconds=1)).work(handler, 1)

asyncio.run(main())
"""


async def test_the_job_of_a_killed_worker_goes_to_another_with_the_next_attempt(bus: Bus, nats: NatsServer) -> None:
    seen = Seen[Job[TranscodeJob]]()

    async def handler(work: Job[TranscodeJob]) -> Outcome:
        await seen(work)
        return Done()

    queue = queue_of(bus)
    await queue.submit(job("j"), "j")
    doomed = await asyncio.create_subprocess_exec(
        sys.executable, "-c", WORKER, nats.url, stdout=asyncio.subprocess.PIPE
    )
    assert doomed.stdout is not None
    async with asyncio.timeout(15):
        assert (await doomed.stdout.readline()).split() == [b"j", b"1"]
    os.kill(doomed.pid, signal.SIGKILL)
    await doomed.wait()

    async with Worker(queue, handler):
        (work,) = await seen.count(1)
        assert (work.message.job_id, work.attempt) == ("j", 2)
        assert await empty(queue)


async def test_a_worker_that_ends_gives_its_jobs_back_at_once(bus: Bus) -> None:
    began = asyncio.Event()
    seen = Seen[int]()

    async def never_ends(_work: Job[TranscodeJob]) -> Outcome:
        began.set()
        await asyncio.sleep(60)
        return Done()

    async def handler(work: Job[TranscodeJob]) -> Outcome:
        await seen(work.attempt)
        return Done()

    queue = JobQueue(bus, TranscodeJob, max_attempts=3, ack_wait=timedelta(seconds=30))
    await queue.submit(job("j"), "j")
    async with Worker(queue, never_ends):
        await began.wait()
    async with Worker(queue, handler):
        assert await seen.count(1, within=3) == [2]


async def test_a_worker_that_ends_may_finish_its_job_within_its_grace(bus: Bus) -> None:
    began = asyncio.Event()
    finished: list[int] = []

    async def handler(work: Job[TranscodeJob]) -> Outcome:
        began.set()
        await asyncio.sleep(0.3)
        finished.append(work.attempt)
        return Done()

    queue = queue_of(bus)
    await queue.submit(job("j"), "j")
    async with Worker(queue, handler, grace=5):
        await began.wait()
    assert finished == [1]
    assert await empty(queue)


async def test_what_fails_is_tried_again_and_then_buried_with_its_reason(bus: Bus) -> None:
    attempts: list[int] = []
    dead = Seen[DeadLetter[TranscodeJob]]()

    async def handler(work: Job[TranscodeJob]) -> Outcome:
        attempts.append(work.attempt)
        raise RuntimeError("the codec\nis broken")

    queue = queue_of(bus)
    await queue.on_dead("undertaker", dead)
    await queue.submit(job("j"), "j:1")
    async with Worker(queue, handler):
        (letter,) = await dead.count(1)
        assert await empty(queue)
    assert attempts == [1, 2, 3]
    assert letter == DeadLetter(job("j"), "j:1", 3, "RuntimeError: the codec is broken")


async def test_a_job_that_kills_its_worker_each_time_is_buried_without_being_run_again(
    bus: Bus, nats: NatsServer
) -> None:
    """Nobody is left to bury it after the last attempt, so whoever gets it next does."""
    dead, seen = Seen[DeadLetter[TranscodeJob]](), Seen[int]()

    async def dies_with_it(_work: Job[TranscodeJob]) -> Outcome:
        await seen(_work.attempt)
        await asyncio.sleep(60)
        return Done()

    queue = queue_of(bus, max_attempts=1)
    await queue.submit(job("j"), "j")
    async with connect_bus(nats.settings, "doomed") as doomed, Worker(queue_of(doomed, max_attempts=1), dies_with_it):
        await seen.count(1)

    await queue.on_dead("undertaker", dead)
    async with Worker(queue, dies_with_it):
        (letter,) = await dead.count(1)
    assert (letter.message.job_id, letter.attempts) == ("j", 1)
    assert seen.all == [1]


async def test_a_job_that_cannot_be_read_is_not_tried_again(bus: Bus, nats: NatsServer) -> None:
    seen = Seen[Job[TranscodeJob]]()

    async def handler(work: Job[TranscodeJob]) -> Outcome:
        await seen(work)
        return Done()

    queue = queue_of(bus)
    headers = {"vidmesh-type": TranscodeJob.DESCRIPTOR.full_name}
    async with await nats_client.connect(nats.url) as client:
        await client.jetstream().publish("jobs.transcode.any.broken", b"\xff\xff", headers=headers)
        await queue.submit(job("good"), "good")
        async with Worker(queue, handler):
            assert [work.message.job_id for work in await seen.count(1)] == ["good"]
            assert await empty(queue)
        assert (await client.jetstream().stream_info("DEAD")).state.messages == 1


async def test_retry_waits_and_counts_and_drop_leaves_nothing(bus: Bus) -> None:
    loop = asyncio.get_running_loop()
    times: list[float] = []
    dead = Seen[DeadLetter[TranscodeJob]]()

    async def handler(work: Job[TranscodeJob]) -> Outcome:
        if work.message.job_id == "unwanted":
            return Drop()
        times.append(loop.time())
        return Retry(timedelta(milliseconds=300))

    queue = queue_of(bus, max_attempts=2)
    await queue.on_dead("undertaker", dead)
    await queue.submit(job("unwanted"), "unwanted")
    await queue.submit(job("waits"), "waits")
    async with Worker(queue, handler):
        letters = await dead.count(1)
        assert await empty(queue)
    assert [letter.message.job_id for letter in letters] == ["waits"]
    assert len(times) == 2
    assert times[1] - times[0] >= 0.3


async def test_what_its_owner_gives_up_is_buried_at_once_with_the_reason(bus: Bus) -> None:
    dead = Seen[DeadLetter[TranscodeJob]]()

    async def handler(work: Job[TranscodeJob]) -> Outcome:
        return GiveUp("ChildCrashed: by signal 9")

    queue = queue_of(bus)
    await queue.on_dead("undertaker", dead)
    await queue.submit(job("j"), "j:1")
    async with Worker(queue, handler):
        assert await dead.count(1) == [DeadLetter(job("j"), "j:1", 1, "ChildCrashed: by signal 9")]
        assert await empty(queue)


async def test_a_queue_holds_a_job_until_it_is_settled(bus: Bus) -> None:
    begun, may_end = asyncio.Event(), asyncio.Event()
    held_between_attempts: list[bool] = []

    async def handler(work: Job[TranscodeJob]) -> Outcome:
        if work.attempt == 1:
            return Retry(timedelta(milliseconds=300))
        held_between_attempts.append(await queue.holds(job("j")))
        begun.set()
        await may_end.wait()
        return Done()

    queue = queue_of(bus)
    assert not await queue.holds(job("j"))
    await queue.submit(job("j"), "j")
    await queue.submit(job("other"), "other")
    assert await queue.holds(job("j"))
    async with Worker(queue, handler):
        await begun.wait()
        may_end.set()
        assert await empty(queue)
    assert held_between_attempts[0]
    assert not await queue.holds(job("j"))


async def test_a_job_id_is_queued_once(bus: Bus) -> None:
    seen = Seen[str]()

    async def handler(work: Job[TranscodeJob]) -> Outcome:
        await seen(work.message.job_id)
        return Done()

    queue = queue_of(bus)
    for _ in range(3):
        await queue.submit(job("once"), "once")
    await queue.submit(job("then"), "then")
    async with Worker(queue, handler):
        await seen.until(lambda: "then" in seen.all)
        assert await empty(queue)
    assert sorted(seen.all) == ["once", "then"]


async def test_a_fact_is_no_job_and_a_queue_that_nobody_worked_on_has_no_depth(bus: Bus) -> None:
    with pytest.raises(InvalidMessage):
        JobQueue(bus, VideoChanged, max_attempts=3)
    with pytest.raises(BusUnavailable):
        await queue_of(bus).depth()
