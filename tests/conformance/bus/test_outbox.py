"""A change and its events happen together or not at all, whatever dies between which two steps.

Invariants, checked after every crash and recovery: a change that is in the table has its event on the bus, exactly
once by id; a change that is not has none; and no hint is left for ever.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncGenerator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import pytest

from mesh.bus import Bus, Event, Outbox, connect_bus, outbox_table
from mesh.bus.envelope import Envelope
from mesh.tables import (
    Check,
    Delete,
    Insert,
    InvalidQuery,
    InvalidSchema,
    Put,
    Schema,
    Table,
    Tables,
    Update,
    blob,
    integer,
    open_tables,
    text,
)
from mesh.testing.servers import NatsServer
from vidmesh.transcode.v1.transcode_events_pb2 import ProcessingChanged
from vidmesh.upload.v1.upload_events_pb2 import VideoChanged

from .seen import Seen

VIDEOS = Table(
    "videos",
    columns=(text("video"), integer("generation"), text("title"), blob("pending_events")),
    partition_key=("video",),
)
PARTS = Table(
    "parts",
    columns=(text("upload"), integer("number"), integer("generation"), blob("pending_events")),
    partition_key=("upload",),
    clustering_key=("number",),
)
PLAIN = Table("plain", columns=(text("id"), integer("n")), partition_key=("id",))
HINTS = outbox_table()
SCHEMA = Schema("svc_test", version=1, tables=(VIDEOS, PARTS, PLAIN, HINTS))
NOW = timedelta(0)


def changed(generation: int, video: str = "v") -> VideoChanged:
    return VideoChanged(video_id=video, channel_id="c", generation=generation)


@pytest.fixture
async def tables(tmp_path: Path) -> AsyncGenerator[Tables]:
    async with open_tables(f"sqlite://{tmp_path}/tables.db", SCHEMA) as opened:
        yield opened


def outbox_of(tables: Tables, bus: Bus, grace: timedelta = NOW, stale: timedelta = NOW) -> Outbox:
    return Outbox(tables, bus, HINTS, (VIDEOS, PARTS), grace=grace, stale=stale)


async def all_events(bus: Bus, durable: str = "audit") -> list[Event[VideoChanged]]:
    """Everything the stream holds, read after a last message that marks the end."""
    seen = Seen[Event[VideoChanged]]()
    await bus.publish(changed(0, "end"), f"end-{durable}")
    subscription = await bus.subscribe(VideoChanged, durable, seen)
    await seen.until(lambda: any(event.id == f"end-{durable}" for event in seen.all))
    await subscription.stop()
    return [event for event in seen.all if event.message.video_id != "end"]


async def hints_left(tables: Tables) -> int:
    return len((await tables.walk(HINTS, limit=1000)).rows)


class Running:
    """The relay, for the length of the block."""

    def __init__(self, outbox: Outbox) -> None:
        self._outbox = outbox

    async def __aenter__(self) -> None:
        self._task = asyncio.create_task(self._outbox.run())

    async def __aexit__(self, *_: object) -> None:
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)


async def test_the_event_of_a_change_is_published_at_once_and_nothing_is_left_behind(tables: Tables, bus: Bus) -> None:
    seen = Seen[Event[VideoChanged]]()
    await bus.subscribe(VideoChanged, "reader", seen)
    outbox = Outbox(tables, bus, HINTS, (VIDEOS, PARTS))
    async with Running(outbox):
        assert await outbox.insert(VIDEOS, {"video": "v", "generation": 1}, [changed(1)])
        (event,) = await seen.count(1, within=1)
        assert event.message == changed(1)
        assert await outbox.update(
            VIDEOS, {"video": "v"}, {"generation": 2}, expect={"generation": 1}, events=[changed(2)]
        )
        await seen.count(2, within=1)
        async with asyncio.timeout(1):
            while await hints_left(tables):  # noqa: ASYNC110 (the test looks, nobody tells)
                await asyncio.sleep(0.01)
    row = await tables.get(VIDEOS, {"video": "v"})
    assert row is not None
    assert (row["generation"], row["pending_events"]) == (2, None)


async def test_a_change_that_is_not_made_has_no_event_and_leaves_no_hint(tables: Tables, bus: Bus) -> None:
    outbox = outbox_of(tables, bus)
    await outbox.insert(VIDEOS, {"video": "v", "generation": 1}, [])
    assert not await outbox.insert(VIDEOS, {"video": "v", "generation": 9}, [changed(9)])
    assert not await outbox.update(
        VIDEOS, {"video": "v"}, {"title": "x"}, expect={"generation": 8}, events=[changed(9)]
    )
    assert not await outbox.update(VIDEOS, {"video": "w"}, {"title": "x"}, expect={}, events=[changed(9, "w")])
    assert await hints_left(tables) == 0
    assert await all_events(bus) == []


async def test_a_commit_carries_its_events_on_the_row_that_is_named(tables: Tables, bus: Bus) -> None:
    outbox = outbox_of(tables, bus)
    partition = {"upload": "u"}
    insert = Insert({"number": 1, "generation": 1})
    assert await outbox.commit(PARTS, partition, insert, Put({"number": 2}), carrier={"number": 1}, events=[changed(1)])
    change = Update({"number": 1}, {"generation": 2}, {"generation": 1})
    assert await outbox.commit(PARTS, partition, change, carrier={"number": 1}, events=[changed(2)])
    assert not await outbox.commit(PARTS, partition, change, carrier={"number": 1}, events=[changed(99)])
    check = Check({"number": 1}, {"generation": 2})
    other = Update({"number": 2}, {"generation": 5})
    assert await outbox.commit(PARTS, partition, check, other, carrier={"number": 1}, events=[changed(3)])
    assert await outbox.commit(PARTS, partition, Delete({"number": 2}), carrier={"number": 1}, events=[changed(4)])
    wrong = Update({"number": 7}, {"generation": 5})
    assert not await outbox.commit(PARTS, partition, wrong, carrier={"number": 1}, events=[changed(99)])
    with pytest.raises(InvalidQuery):
        await outbox.commit(PARTS, partition, Delete({"number": 1}), carrier={"number": 1}, events=[changed(99)])

    assert await outbox.sweep() == 0
    assert [event.message.generation for event in await all_events(bus)] == [1, 2, 3, 4]


async def test_events_wait_in_order_while_the_bus_is_away(tables: Tables, nats: NatsServer) -> None:
    async with connect_bus(nats.settings, "test", publish_within=timedelta(milliseconds=200)) as bus:
        outbox = Outbox(tables, bus, HINTS, (VIDEOS, PARTS))
        async with Running(outbox):
            nats.kill()
            await outbox.insert(VIDEOS, {"video": "v", "generation": 1}, [changed(1)])
            for generation in (2, 3):
                expect = {"generation": generation - 1}
                new = {"generation": generation}
                assert await outbox.update(VIDEOS, {"video": "v"}, new, expect=expect, events=[changed(generation)])
            await asyncio.sleep(0.5)
            nats.start()
            async with asyncio.timeout(15):
                while await hints_left(tables):  # noqa: ASYNC110 (the test looks, nobody tells)
                    await asyncio.sleep(0.05)
        assert [event.message.generation for event in await all_events(bus)] == [1, 2, 3]


async def test_many_writers_of_one_row_lose_and_double_nothing(tables: Tables, bus: Bus) -> None:
    outbox = Outbox(tables, bus, HINTS, (VIDEOS, PARTS))
    await outbox.insert(VIDEOS, {"video": "v", "generation": 0}, [])

    async def write(times: int) -> None:
        for _ in range(times):
            while True:
                row = await tables.get(VIDEOS, {"video": "v"})
                assert row is not None
                now = row["generation"]
                assert isinstance(now, int)
                if await outbox.update(
                    VIDEOS,
                    {"video": "v"},
                    {"generation": now + 1},
                    expect={"generation": now},
                    events=[changed(now + 1)],
                ):
                    break

    async with Running(outbox), Running(outbox_of(tables, bus)):
        await asyncio.gather(*(write(10) for _ in range(8)))
    assert await outbox_of(tables, bus).sweep() == 0
    assert sorted(event.message.generation for event in await all_events(bus)) == list(range(1, 81))


@pytest.mark.parametrize("back", [timedelta(minutes=10), timedelta(hours=3)])
async def test_what_a_dead_process_left_is_published_though_the_clock_was_put_back_since(
    tables: Tables, bus: Bus, back: timedelta
) -> None:
    seen = Seen[Event[VideoChanged]]()
    await bus.subscribe(VideoChanged, "reader", seen)
    ahead = datetime.now(UTC) + back
    # It changes the row, and never runs.
    died = Outbox(tables, bus, HINTS, (VIDEOS, PARTS), clock=lambda: ahead)
    assert await died.insert(VIDEOS, {"video": "v", "generation": 1}, [changed(1)])
    async with Running(Outbox(tables, bus, HINTS, (VIDEOS, PARTS))):
        await seen.count(1, within=5)
        async with asyncio.timeout(5):
            while await hints_left(tables):  # noqa: ASYNC110 (the test looks, nobody tells)
                await asyncio.sleep(0.01)


class Crash(BaseException):
    """The process dies here."""


class Fuse:
    """Lets some steps pass, then crashes, before or after the step takes effect."""

    def __init__(self, steps: int, after: bool) -> None:
        self._left = steps
        self._after = after
        self.blown = False

    async def step(self, work: Any) -> Any:
        self._left -= 1
        last = self._left == 0
        if last and not self._after:
            self.blown = True
            work.close()
            raise Crash
        result = await work
        if last:
            self.blown = True
            raise Crash
        return result


class Dying:
    """Tables and bus that run until the fuse blows."""

    def __init__(self, inner: Tables | Bus, fuse: Fuse) -> None:
        self._inner = inner
        self._fuse = fuse

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._inner, name)
        return lambda *args, **options: self._fuse.step(method(*args, **options))  # pyright: ignore


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
async def test_a_crash_at_any_step_is_made_good_by_another_process(tables: Tables, bus: Bus, after: bool) -> None:
    crashes = 0
    expected: set[str] = set()
    for steps in range(1, 40):
        video = f"v{steps}"
        await tables.insert(VIDEOS, {"video": video, "generation": 1})
        fuse = Fuse(steps, after)
        doomed = outbox_of(cast("Tables", Dying(tables, fuse)), cast("Bus", Dying(bus, fuse)))
        try:
            await doomed.update(
                VIDEOS, {"video": video}, {"generation": 2}, expect={"generation": 1}, events=[changed(2, video)]
            )
            await doomed.sweep()
        except Crash:
            crashes += 1
        assert await outbox_of(tables, bus).sweep() == 0
        row = await tables.get(VIDEOS, {"video": video})
        assert row is not None
        assert row["pending_events"] is None
        if row["generation"] == 2:
            expected.add(video)
        if not fuse.blown:
            break
    else:
        pytest.fail("the scenario has more steps than the test takes")
    assert crashes >= 7
    events = await all_events(bus)
    assert sorted(event.message.video_id for event in events) == sorted(expected)


async def test_a_young_hint_without_events_is_left_to_its_writer_and_an_old_one_goes(tables: Tables, bus: Bus) -> None:
    await tables.insert(VIDEOS, {"video": "v", "generation": 1})
    fuse = Fuse(1, after=True)
    doomed = outbox_of(cast("Tables", Dying(tables, fuse)), bus)
    with pytest.raises(Crash):
        await doomed.update(VIDEOS, {"video": "v"}, {"generation": 2}, expect={}, events=[changed(2)])
    assert await outbox_of(tables, bus, stale=timedelta(minutes=1)).sweep() == 1
    assert await outbox_of(tables, bus, stale=NOW).sweep() == 0


async def test_a_wake_may_be_among_the_events(tables: Tables, bus: Bus) -> None:
    outbox = Outbox(tables, bus, HINTS, (VIDEOS, PARTS))
    wake = ProcessingChanged(video_id="v", sequence=3)
    async with bus.wakes(ProcessingChanged, key="v") as wakes, Running(outbox), asyncio.timeout(5):
        await outbox.insert(VIDEOS, {"video": "v", "generation": 1}, [changed(1), wake])
        assert await anext(wakes) == wake


async def test_only_tables_with_a_place_for_events_can_be_sources(tables: Tables, bus: Bus) -> None:
    with pytest.raises(InvalidSchema):
        Outbox(tables, bus, HINTS, (PLAIN,))
    with pytest.raises(InvalidSchema):
        await Outbox(tables, bus, HINTS, (VIDEOS,)).insert(PARTS, {"upload": "u", "number": 1}, [changed(1)])


WRITER = """
import asyncio, sys
from mesh.bus import Outbox, connect_bus
from mesh.config import load_settings
from mesh.tables import open_tables
sys.path.insert(0, sys.argv[3])
from tests.conformance.bus.test_outbox import HINTS, SCHEMA, VIDEOS, PARTS, changed

async def main():
    settings = load_settings().bus.model_copy(update={"url": sys.argv[1]})
    async with connect_bus(settings, "doomed") as bus, open_tables(sys.argv[2], SCHEMA) as tables:
        outbox = Outbox(tables, bus, HINTS, (VIDEOS, PARTS))
        relay = asyncio.create_task(outbox.run())
        async def write(lane):
            for number in range(100_000):
                video = f"{sys.argv[4]}-{lane}-{number}"
                assert await outbox.insert(VIDEOS, {"video": video, "generation": 1}, [changed(1, video)])
                print(video, flush=True)
        await asyncio.gather(*(write(lane) for lane in range(8)))

asyncio.run(main())
"""


async def test_a_process_that_is_killed_loses_no_event_and_invents_none(nats: NatsServer, tmp_path: Path) -> None:
    url = f"sqlite://{tmp_path}/tables.db"
    here = str(Path(__file__).parents[3])
    acknowledged: set[str] = set()
    for life in ("first", "second"):
        doomed = await asyncio.create_subprocess_exec(
            sys.executable, "-c", WRITER, nats.url, url, here, life, stdout=asyncio.subprocess.PIPE
        )
        assert doomed.stdout is not None
        already = len(acknowledged)
        async with asyncio.timeout(20):
            while len(acknowledged) < already + 100 and (line := await doomed.stdout.readline()):
                acknowledged.add(line.decode().strip())
        assert len(acknowledged) >= already + 100
        os.kill(doomed.pid, signal.SIGKILL)
        rest = await doomed.stdout.read()
        acknowledged.update(rest.decode().split("\n")[:-1])
        await doomed.wait()
        await _empty(url, nats)

    async with connect_bus(nats.settings, "audit") as bus, open_tables(url, SCHEMA) as tables:
        rows = [row async for row in _videos(tables)]
        published = [event.message.video_id for event in await all_events(bus)]
    assert {row["video"] for row in rows} >= acknowledged
    assert all(row["pending_events"] is None for row in rows)
    assert sorted(published) == sorted(str(row["video"]) for row in rows)


async def _empty(url: str, nats: NatsServer) -> None:
    async with connect_bus(nats.settings, "recovery") as bus, open_tables(url, SCHEMA) as tables:
        assert await outbox_of(tables, bus).sweep() == 0


async def _videos(tables: Tables) -> AsyncGenerator[dict[str, Any]]:
    cursor: bytes | None = None
    while True:
        page = await tables.walk(VIDEOS, limit=500, cursor=cursor)
        for row in page.rows:
            yield row
        cursor = page.cursor
        if cursor is None:
            return


def test_an_envelope_does_not_show_what_it_carries() -> None:
    assert "secret" not in repr(Envelope("s", "S", b"secret", {}))
