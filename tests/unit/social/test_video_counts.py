"""How many videos a channel has, whatever the events do on their way.

Invariant: when every event was handled at least once, in whatever order and however often, the count is that of the
videos as they stand in the end.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from mesh.tables import Tables, open_tables
from svc_social.tables import SCHEMA
from svc_social.video_counts.domain import BEFORE_EVENTS, Noted, counts
from svc_social.video_counts.store import VideoCounts
from vidmesh.upload.v1.video_pb2 import (
    VIDEO_STATUS_DELETED,
    VIDEO_STATUS_PROCESSED,
    VIDEO_STATUS_PUBLISHED,
    VISIBILITY_PUBLIC,
    VISIBILITY_UNLISTED,
    Video,
)

CHANNEL = "0199f5e4-8d5c-7c3a-9a53-2f1f6a3f2b10"


@pytest.fixture
async def tables(tmp_path: Path) -> AsyncGenerator[Tables]:
    async with open_tables(f"sqlite://{tmp_path}/t.db", SCHEMA) as opened:
        yield opened


@pytest.fixture
async def store(tables: Tables) -> VideoCounts:
    made = VideoCounts(tables)
    await made.completed()
    return made


async def count(store: VideoCounts) -> int | None:
    return (await store.of([CHANNEL]))[0]


def test_what_is_public_and_published_counts() -> None:
    assert counts(Video(visibility=VISIBILITY_PUBLIC, status=VIDEO_STATUS_PUBLISHED))
    assert not counts(Video(visibility=VISIBILITY_UNLISTED, status=VIDEO_STATUS_PUBLISHED))
    assert not counts(Video(visibility=VISIBILITY_PUBLIC, status=VIDEO_STATUS_PROCESSED)), "its time has not come"
    assert not counts(Video(visibility=VISIBILITY_PUBLIC, status=VIDEO_STATUS_DELETED))


async def test_the_same_event_twice_counts_once(store: VideoCounts) -> None:
    for _ in range(2):
        await store.note(CHANNEL, "video", Noted(3, counted=True))
    assert await count(store) == 1
    for _ in range(2):
        await store.note(CHANNEL, "video", Noted(4, counted=False))
    assert await count(store) == 0


async def test_an_older_event_that_comes_late_changes_nothing(store: VideoCounts) -> None:
    await store.note(CHANNEL, "video", Noted(5, counted=False))
    await store.note(CHANNEL, "video", Noted(4, counted=True))
    assert await count(store) == 0


async def test_a_purged_video_counts_no_more_whatever_is_said_of_it_afterwards(store: VideoCounts) -> None:
    await store.note(CHANNEL, "video", Noted(5, counted=True))
    for _ in range(2):
        await store.forget(CHANNEL, "video")
    await store.note(CHANNEL, "video", Noted(6, counted=True))
    assert await count(store) == 0


async def test_an_export_adds_what_no_event_has_told_of_and_nothing_else(store: VideoCounts) -> None:
    await store.note(CHANNEL, "hidden since", Noted(2, counted=False))
    for video in ("hidden since", "old", "old"):
        await store.note(CHANNEL, video, Noted(BEFORE_EVENTS, counted=True))
    assert await count(store) == 1
    await store.note(CHANNEL, "old", Noted(1, counted=False))
    assert await count(store) == 0


async def test_a_count_is_unknown_until_everything_was_counted_once(tables: Tables) -> None:
    store = VideoCounts(tables)
    await store.note(CHANNEL, "video", Noted(1, counted=True))
    assert await count(store) is None
    await store.completed()
    assert await count(store) == 1
    assert await VideoCounts(tables).of(["another"]) == [0]


@pytest.mark.parametrize("seed", range(5))
async def test_events_in_any_order_and_repeated_lead_to_what_is(store: VideoCounts, seed: int) -> None:
    chance = random.Random(seed)
    truth = {f"video{n}": [chance.random() < 0.5 for _ in range(6)] for n in range(8)}
    told = [
        (video, Noted(generation, shown))
        for video, states in truth.items()
        for generation, shown in enumerate(states, start=1)
    ]
    told += chance.choices(told, k=20)
    chance.shuffle(told)
    for at in range(0, len(told), 16):
        await asyncio.gather(*(store.note(CHANNEL, video, noted) for video, noted in told[at : at + 16]))
    assert await count(store) == sum(states[-1] for states in truth.values())
