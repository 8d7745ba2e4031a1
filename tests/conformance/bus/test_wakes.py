"""Wakes are hints: cheap, at most once, never late for whoever listened first."""

from __future__ import annotations

import asyncio

import pytest

from mesh.bus import Bus, InvalidMessage, connect_bus
from mesh.testing.servers import NatsServer
from vidmesh.transcode.v1.transcode_events_pb2 import ProcessingChanged, TranscodeJob
from vidmesh.upload.v1.upload_events_pb2 import VideoChanged


def changed(video: str, sequence: int) -> ProcessingChanged:
    return ProcessingChanged(video_id=video, sequence=sequence)


async def test_a_wake_reaches_the_listeners_of_its_key_and_of_all_keys_in_every_process(
    bus: Bus, nats: NatsServer
) -> None:
    async with (
        connect_bus(nats.settings, "other") as other,
        bus.wakes(ProcessingChanged, key="a") as of_a,
        bus.wakes(ProcessingChanged, key="a") as also_of_a,
        other.wakes(ProcessingChanged) as of_all,
        asyncio.timeout(5),
    ):
        await other.publish(changed("b", 1))
        await bus.publish(changed("a", 2))
        assert await anext(of_a) == changed("a", 2)
        assert await anext(also_of_a) == changed("a", 2)
        assert {(await anext(of_all)).SerializeToString() for _ in "ab"} == {  # pyright: ignore[reportOptionalMemberAccess]
            changed("b", 1).SerializeToString(),
            changed("a", 2).SerializeToString(),
        }


async def test_only_the_newest_wake_of_a_key_waits_for_a_slow_listener(bus: Bus) -> None:
    async with bus.wakes(ProcessingChanged, key="a") as wakes, bus.wakes(ProcessingChanged, key="end") as end:
        for sequence in range(1, 50):
            await bus.publish(changed("a", sequence))
        await bus.publish(changed("end", 1))
        async with asyncio.timeout(5):
            await anext(end)
            assert await anext(wakes) == changed("a", 49)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.1):
                await anext(wakes)


async def test_after_the_connection_was_cut_every_listener_is_told_that_wakes_may_be_missing(
    bus: Bus, nats: NatsServer
) -> None:
    async with bus.wakes(ProcessingChanged, key="a") as wakes:
        nats.kill()
        nats.start()
        async with asyncio.timeout(10):
            assert await anext(wakes) is None
        async with asyncio.timeout(10):
            await bus.publish(changed("a", 5))
            assert await anext(wakes) == changed("a", 5)


async def test_a_wake_never_fails_its_sender_while_the_bus_is_away(bus: Bus, nats: NatsServer) -> None:
    nats.kill()
    async with asyncio.timeout(1):
        await bus.publish(changed("a", 1))


async def test_listening_ends_when_the_bus_is_closed(nats: NatsServer) -> None:
    async with connect_bus(nats.settings, "short") as bus, bus.wakes(ProcessingChanged) as wakes:
        reading = asyncio.create_task(anext(wakes))
        await asyncio.sleep(0)
        await bus.close()
        with pytest.raises(StopAsyncIteration):
            await reading


async def test_a_fact_can_be_heard_by_every_process_like_a_wake(bus: Bus, nats: NatsServer) -> None:
    fact = VideoChanged(video_id="a", channel_id="c", generation=1)
    async with (
        connect_bus(nats.settings, "other") as other,
        bus.wakes(VideoChanged, key="a") as here,
        other.wakes(VideoChanged) as there,
        asyncio.timeout(5),
    ):
        await bus.publish(fact, "1")
        assert (await anext(here), await anext(there)) == (fact, fact)


async def test_a_job_is_for_workers_alone(bus: Bus) -> None:
    with pytest.raises(InvalidMessage):
        async with bus.wakes(TranscodeJob):
            pass
