"""Processes of several releases declare the same streams at once, and none takes anything from another."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import replace
from datetime import timedelta

import nats as nats_client
import pytest
from nats.js import JetStreamContext
from nats.js.api import RetentionPolicy, StorageType, StreamConfig

from mesh.bus import UnsuitableStream, connect_bus
from mesh.bus.streams import declare, plans
from mesh.bus.subjects import all_routes
from mesh.testing.servers import NatsServer
from vidmesh.options.v1.options_pb2 import Delivery


@pytest.fixture
async def js(nats: NatsServer) -> AsyncGenerator[JetStreamContext]:
    client = await nats_client.connect(nats.url)
    yield client.jetstream()
    await client.close()


async def test_many_processes_start_at_once(nats: NatsServer, js: JetStreamContext) -> None:
    async def start(number: int) -> None:
        async with connect_bus(nats.settings, f"process{number}"):
            pass

    await asyncio.gather(*(start(number) for number in range(8)))
    kept = {route.stream for route in all_routes() if route.delivery != Delivery.DELIVERY_WAKE}
    assert {stream.config.name for stream in await js.streams_info()} == kept | {"DEAD"}


async def test_streams_are_kept_on_disk_jobs_until_done_and_facts_for_their_age(
    nats: NatsServer, js: JetStreamContext
) -> None:
    async with connect_bus(nats.settings, "test"):
        jobs = (await js.stream_info("JOBS")).config
        facts = (await js.stream_info("VIDEO")).config
    assert (jobs.retention, jobs.storage, jobs.max_age) == (RetentionPolicy.WORK_QUEUE, StorageType.FILE, 0)
    assert (facts.retention, facts.storage) == (RetentionPolicy.LIMITS, StorageType.FILE)
    assert facts.max_age == nats.settings.event_max_age.total_seconds()


async def test_an_older_release_leaves_the_subjects_of_a_newer_one(nats: NatsServer, js: JetStreamContext) -> None:
    (older,) = [plan for plan in plans(all_routes(), nats.settings) if plan.name == "VIDEO"]
    assert older.subjects is not None
    newer = older.evolve(subjects=[*older.subjects, "video.invented.*"])
    for plan in (older, newer, older):
        await declare(js, plan)
    assert sorted((await js.stream_info("VIDEO")).config.subjects or []) == sorted(newer.subjects or [])


async def test_a_changed_age_takes_effect(nats: NatsServer, js: JetStreamContext) -> None:
    async with connect_bus(nats.settings, "before"):
        pass
    async with connect_bus(nats.settings.model_copy(update={"event_max_age": timedelta(days=1)}), "after"):
        pass
    assert (await js.stream_info("VIDEO")).config.max_age == 86400


async def test_a_stream_that_would_lose_messages_is_not_used(nats: NatsServer, js: JetStreamContext) -> None:
    await js.add_stream(StreamConfig(name="VIDEO", subjects=["video.>"], storage=StorageType.MEMORY))
    with pytest.raises(UnsuitableStream):
        async with connect_bus(nats.settings, "test"):
            pass


async def test_a_route_of_another_stream_with_the_same_subject_is_refused_by_the_server(
    nats: NatsServer, js: JetStreamContext
) -> None:
    routes = [replace(route, stream="OTHER") for route in all_routes() if route.stream == "VIDEO"]
    (other,) = [plan for plan in plans(routes, nats.settings) if plan.name == "OTHER"]
    async with connect_bus(nats.settings, "test"):
        with pytest.raises(UnsuitableStream, match="overlap"):
            await declare(js, other)
