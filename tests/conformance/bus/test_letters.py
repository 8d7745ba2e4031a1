"""Dead letters are there to be read, and to be taken away."""

from __future__ import annotations

import asyncio

import nats as nats_client
from nats.aio.client import Client

from mesh.bus import Bus, DeadLetter, GiveUp, Job, Outcome
from mesh.testing.servers import NatsServer
from vidmesh.transcode.v1.transcode_events_pb2 import TranscodeJob

from .seen import Seen
from .working import Worker, job, queue_of


async def test_dead_letters_are_read_in_their_order_and_taken_away(bus: Bus) -> None:
    async def handler(work: Job[TranscodeJob]) -> Outcome:
        return GiveUp(f"no luck with {work.message.job_id}")

    queue = queue_of(bus)
    letters = queue.dead_letters()
    assert await letters.behind(0) is None
    dead = Seen[DeadLetter[TranscodeJob]]()
    await queue.on_dead("undertaker", dead)
    async with Worker(queue, handler):
        for number, name in enumerate(("a", "b"), start=1):
            await queue.submit(job(name), f"{name}:1")
            await dead.count(number)
    first = await letters.behind(0)
    assert first is not None
    assert first.letter == DeadLetter(job("a"), "a:1", 1, "no luck with a")
    assert first.time.tzinfo is not None
    second = await letters.behind(first.number)
    assert second is not None
    assert (second.letter.message, await letters.behind(second.number)) == (job("b"), None)
    await letters.remove(first.number)
    await letters.remove(first.number)
    assert await letters.get(first.number) is None
    assert await letters.get(second.number) == second


async def test_a_job_that_its_owner_buries_while_others_have_it_is_told_like_any_other(bus: Bus) -> None:
    dead = Seen[DeadLetter[TranscodeJob]]()
    queue = queue_of(bus)
    await queue.on_dead("undertaker", dead)
    for _ in range(2):
        await queue.bury(job("j"), "j:1", 4, "nobody spoke\nof it")
    assert await dead.count(1) == [DeadLetter(job("j"), "j:1", 4, "nobody spoke of it")]
    letters = queue.dead_letters()
    kept = await letters.behind(0)
    assert kept is not None
    assert await letters.behind(kept.number) is None


async def two_letters(client: Client) -> None:
    """Return once there are two dead letters."""
    for _ in range(600):
        if (await client.jetstream().stream_info("DEAD")).state.messages == 2:
            return
        await asyncio.sleep(0.05)


async def test_a_letter_that_cannot_be_read_hides_no_other(bus: Bus, nats: NatsServer) -> None:
    queue = queue_of(bus)
    headers = {"vidmesh-type": TranscodeJob.DESCRIPTOR.full_name}

    async def handler(work: Job[TranscodeJob]) -> Outcome:
        return GiveUp("no")

    async with await nats_client.connect(nats.url) as client:
        await client.jetstream().publish("jobs.transcode.any.broken", b"\xff\xff", headers=headers)
        await queue.submit(job("good"), "good")
        async with Worker(queue, handler):
            await two_letters(client)
    found: list[str] = []
    kept = await queue.dead_letters().behind(0)
    while kept is not None:
        found.append(kept.letter.message.job_id)
        kept = await queue.dead_letters().behind(kept.number)
    assert sorted(found) == ["", "good"]
