"""Facts reach every durable consumer at least once, whatever dies in between."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from itertools import pairwise

import pytest
from opentelemetry import trace

from mesh.bus import Backoff, Bus, Event, InvalidMessage, connect_bus
from mesh.testing.servers import NatsServer
from vidmesh.transcode.v1.transcode_events_pb2 import RenditionPublished, TranscodeJob
from vidmesh.upload.v1.upload_events_pb2 import PartsConfirmed, UploadCompleted, VideoChanged

from .seen import Seen

QUICK = Backoff(first=timedelta(milliseconds=50), most=timedelta(milliseconds=200))


def changed(number: int) -> VideoChanged:
    return VideoChanged(video_id=f"video{number}", channel_id="channel", generation=number)


async def test_a_fact_arrives_typed_with_its_id(bus: Bus) -> None:
    seen = Seen[Event[VideoChanged]]()
    await bus.subscribe(VideoChanged, "reader", seen)
    await bus.publish(changed(7), "change-7")

    (event,) = await seen.count(1)
    assert event.message == changed(7)
    assert (event.id, event.delivery_count) == ("change-7", 1)


async def test_facts_from_before_the_first_subscription_arrive_too(bus: Bus) -> None:
    await bus.publish(changed(1), "1")
    seen = Seen[Event[VideoChanged]]()
    await bus.subscribe(VideoChanged, "reader", seen)
    assert [event.id for event in await seen.count(1)] == ["1"]


async def test_types_of_several_streams_share_a_handler_and_others_stay_out(bus: Bus) -> None:
    seen = Seen[Event[VideoChanged | RenditionPublished]]()
    await bus.subscribe((VideoChanged, RenditionPublished), "reader", seen)
    await bus.publish(UploadCompleted(video_id="v", upload_id="u"), "not for it")
    await bus.publish(changed(1), "a")
    await bus.publish(RenditionPublished(video_id="v", quality="360p"), "b")
    await bus.publish(changed(2), "c")
    assert {(event.id, type(event.message)) for event in await seen.count(3)} == {
        ("a", VideoChanged),
        ("b", RenditionPublished),
        ("c", VideoChanged),
    }


async def test_two_durables_each_see_everything_and_two_processes_of_one_share_it(bus: Bus, nats: NatsServer) -> None:
    alone, shared = Seen[Event[VideoChanged]](), Seen[Event[VideoChanged]]()
    await bus.subscribe(VideoChanged, "alone", alone)
    async with connect_bus(nats.settings, "other") as other:
        await bus.subscribe(VideoChanged, "shared", shared)
        await other.subscribe(VideoChanged, "shared", shared)
        await asyncio.gather(*(bus.publish(changed(n), str(n)) for n in range(50)))
        everything = sorted(str(n) for n in range(50))
        assert sorted(event.id for event in await alone.count(50)) == everything
        assert sorted(event.id for event in await shared.count(50)) == everything


async def test_the_same_id_is_kept_once(bus: Bus) -> None:
    seen = Seen[Event[VideoChanged]]()
    await bus.subscribe(VideoChanged, "reader", seen)
    for _ in range(3):
        await bus.publish(changed(1), "once")
    await bus.publish(changed(2), "then")
    await seen.until(lambda: "then" in {event.id for event in seen.all})
    assert sorted(event.id for event in seen.all) == ["once", "then"]


async def test_a_fact_whose_handler_raises_comes_again_after_longer_and_longer_waits(bus: Bus) -> None:
    loop = asyncio.get_running_loop()
    times: list[float] = []
    done = asyncio.Event()

    async def handler(event: Event[VideoChanged]) -> None:
        times.append(loop.time())
        assert event.delivery_count == len(times)
        if len(times) < 4:
            raise RuntimeError("not yet")
        done.set()

    await bus.subscribe(
        VideoChanged, "reader", handler, backoff=Backoff(timedelta(milliseconds=100), timedelta(seconds=5))
    )
    await bus.publish(changed(1), "1")
    async with asyncio.timeout(10):
        await done.wait()
    waits = [later - earlier for earlier, later in pairwise(times)]
    assert waits[0] >= 0.05
    assert waits[1] >= 0.1
    assert waits[2] >= 0.2


async def test_a_fact_that_fails_does_not_hold_up_the_others(bus: Bus) -> None:
    seen = Seen[str]()

    async def handler(event: Event[VideoChanged]) -> None:
        if event.id == "poison":
            raise RuntimeError("always")
        await seen(event.id)

    await bus.subscribe(VideoChanged, "reader", handler, slots=1, backoff=QUICK)
    await bus.publish(changed(0), "poison")
    for n in range(5):
        await bus.publish(changed(n), str(n))
    assert sorted(await seen.count(5)) == ["0", "1", "2", "3", "4"]


async def test_a_fact_is_given_up_after_its_attempts_but_not_by_errors_that_pass(bus: Bus) -> None:
    class DatabaseAway(Exception):  # noqa: N818 (reads as what is the case)
        retryable = True

    tries: dict[str, int] = {"poison": 0, "patience": 0}
    patience = asyncio.Event()

    async def handler(event: Event[VideoChanged]) -> None:
        tries[event.id] += 1
        if event.id == "poison":
            raise RuntimeError("always")
        if tries["patience"] < 6:
            raise DatabaseAway
        patience.set()

    await bus.subscribe(VideoChanged, "reader", handler, max_attempts=3, backoff=QUICK)
    await bus.publish(changed(1), "poison")
    await bus.publish(changed(2), "patience")
    async with asyncio.timeout(10):
        await patience.wait()
    assert tries == {"poison": 3, "patience": 6}


async def test_a_durable_goes_on_where_it_was(nats: NatsServer) -> None:
    first, second = Seen[Event[VideoChanged]](), Seen[Event[VideoChanged]]()
    async with connect_bus(nats.settings, "before") as bus:
        await bus.subscribe(VideoChanged, "reader", first)
        await bus.publish(changed(1), "1")
        await first.count(1)
    async with connect_bus(nats.settings, "between") as bus:
        await bus.publish(changed(2), "2")
    async with connect_bus(nats.settings, "after") as bus:
        await bus.subscribe(VideoChanged, "reader", second)
        assert [event.id for event in await second.count(1)] == ["2"]


async def test_closing_lets_handlers_finish(nats: NatsServer) -> None:
    began, finished = asyncio.Event(), asyncio.Event()

    async def handler(_event: Event[VideoChanged]) -> None:
        began.set()
        await asyncio.sleep(0.3)
        finished.set()

    async with connect_bus(nats.settings, "first") as bus:
        await bus.subscribe(VideoChanged, "reader", handler)
        await bus.publish(changed(1), "1")
        await began.wait()
    assert finished.is_set()

    async with connect_bus(nats.settings, "second") as bus:
        assert await bus.depth("VIDEO", "reader") == (0, 0)


async def test_what_is_no_fact_cannot_be_subscribed_or_published_as_one(bus: Bus) -> None:
    async def handler(_event: object) -> None:
        return

    with pytest.raises(InvalidMessage):
        await bus.subscribe(TranscodeJob, "reader", handler)
    with pytest.raises(InvalidMessage):
        await bus.subscribe(PartsConfirmed, "reader", handler)
    with pytest.raises(InvalidMessage):
        await bus.publish(changed(1))
    with pytest.raises(InvalidMessage):
        await bus.publish(PartsConfirmed(video_id="v"), "id")
    with pytest.raises(InvalidMessage):
        await bus.publish(VideoChanged(video_id="a.b"), "id")
    with pytest.raises(InvalidMessage):
        await bus.publish(VideoChanged(video_id=""), "id")


async def test_a_fact_belongs_to_the_trace_that_it_was_published_in(bus: Bus) -> None:
    seen = Seen[int]()

    async def handler(_event: Event[VideoChanged]) -> None:
        await seen(trace.get_current_span().get_span_context().trace_id)

    await bus.subscribe(VideoChanged, "reader", handler)
    context = trace.SpanContext(0xABC, 0xDEF, is_remote=False, trace_flags=trace.TraceFlags(trace.TraceFlags.SAMPLED))
    with trace.use_span(trace.NonRecordingSpan(context)):
        await bus.publish(changed(1), "1")
    assert await seen.count(1) == [0xABC]


async def test_an_older_process_leaves_what_it_does_not_know_to_newer_ones(bus: Bus, nats: NatsServer) -> None:
    newer, older = Seen[Event[VideoChanged | UploadCompleted]](), Seen[Event[VideoChanged]]()
    subscription = await bus.subscribe((VideoChanged, UploadCompleted), "reader", newer)
    await subscription.stop()

    async with connect_bus(nats.settings, "older") as other:
        await other.subscribe(VideoChanged, "reader", older, backoff=QUICK)
        await bus.publish(UploadCompleted(video_id="v", upload_id="u"), "unknown")
        await bus.publish(changed(1), "known")
        await older.count(1)
    await bus.subscribe((VideoChanged, UploadCompleted), "reader", newer)
    assert [event.id for event in await newer.count(1)] == ["unknown"]
    assert [event.id for event in older.all] == ["known"]
