"""The bus is killed, stopped and started again: what was acknowledged stays, and everybody goes on by themselves."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from mesh.bus import Bus, BusUnavailable, Event, connect_bus
from mesh.bus.connection import EVENT_ACK_WAIT
from mesh.testing.servers import NatsServer
from vidmesh.upload.v1.upload_events_pb2 import VideoChanged

from .seen import Seen

REDELIVERED = EVENT_ACK_WAIT.total_seconds() + 15
"""Seconds: what was on its way to a connection that died is delivered again when its ack is due."""


def changed(number: int) -> VideoChanged:
    return VideoChanged(video_id="video", channel_id="channel", generation=number)


async def test_what_was_acknowledged_survives_kill_9_while_many_publish_and_read(bus: Bus, nats: NatsServer) -> None:
    """Invariants: each publish returns or raises BusUnavailable; what returned is read, by its id, at least once."""
    acknowledged: set[str] = set()
    seen = Seen[str]()

    async def handler(event: Event[VideoChanged]) -> None:
        await seen(event.id)

    async def publish(number: int) -> None:
        await bus.publish(changed(number), f"c{number}")
        acknowledged.add(f"c{number}")

    await bus.subscribe(VideoChanged, "reader", handler)
    publishing = [asyncio.create_task(publish(number)) for number in range(600)]
    for already in (50, 200):
        async with asyncio.timeout(10):
            while len(acknowledged) < already:  # noqa: ASYNC110 (the test looks, nobody tells)
                await asyncio.sleep(0.001)
        nats.kill()
        await asyncio.sleep(0.1)
        nats.start()

    failures = [error for error in await asyncio.gather(*publishing, return_exceptions=True) if error is not None]
    assert all(isinstance(error, BusUnavailable) for error in failures)
    assert len(acknowledged) >= 200
    await seen.until(lambda: acknowledged.issubset(seen.all), within=REDELIVERED)


async def test_publishing_waits_for_a_bus_that_comes_back_soon(bus: Bus, nats: NatsServer) -> None:
    nats.kill()
    publishing = asyncio.create_task(bus.publish(changed(1), "1"))
    await asyncio.sleep(0.5)
    nats.start()
    async with asyncio.timeout(10):
        await publishing


async def test_a_frozen_bus_makes_publishing_fail_in_time_and_repeating_keeps_one(nats: NatsServer) -> None:
    seen = Seen[Event[VideoChanged]]()
    async with connect_bus(nats.settings, "test", publish_within=timedelta(seconds=1)) as bus:
        await bus.subscribe(VideoChanged, "reader", seen)
        loop = asyncio.get_running_loop()
        nats.pause()
        began = loop.time()
        with pytest.raises(BusUnavailable):
            await bus.publish(changed(1), "once")
        assert 0.9 < loop.time() - began < 2
        nats.resume()
        await bus.publish(changed(1), "once")
        await bus.publish(changed(2), "then")
        await seen.until(lambda: "then" in {event.id for event in seen.all})
        assert [event.id for event in seen.all].count("once") == 1


async def test_a_process_waits_for_a_bus_that_is_not_there_yet_but_not_for_ever(nats: NatsServer) -> None:
    nats.kill()
    with pytest.raises(BusUnavailable):
        async with connect_bus(nats.settings, "early", within=timedelta(milliseconds=500)):
            pass

    async def connect() -> None:
        async with connect_bus(nats.settings, "early", within=timedelta(seconds=10)) as bus:
            await bus.publish(changed(1), "1")

    connecting = asyncio.create_task(connect())
    await asyncio.sleep(0.3)
    nats.start()
    await connecting
