"""What is left of a purged video goes too."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from datetime import timedelta
from pathlib import Path

import pytest

from mesh.bus.envelope import Envelope
from mesh.bus.outbox import Outbox
from mesh.tables import open_tables
from svc_transcode.processing.leftovers import Leftovers
from svc_transcode.processing.model import Head, State
from svc_transcode.processing.store import ProcessingStore
from svc_transcode.processing.tables import PROCESSING
from svc_transcode.tables import OUTBOX, SCHEMA

from .videos import NOW, VIDEO_ID


class Silent:
    """A bus that nothing is said on here."""

    async def send(self, envelope: Envelope) -> None:
        """Nobody listens."""


class Folders:
    """The media bucket: which folders were deleted."""

    def __init__(self) -> None:
        self.deleted: list[tuple[str, str]] = []

    async def listed(self, video_id: str) -> list[str]:
        """Nothing is in it."""
        return []

    async def delete(self, video_id: str, path: str) -> None:
        """There is nothing to delete alone."""

    async def delete_folder(self, video_id: str, prefix: str) -> None:
        """Noted."""
        self.deleted.append((video_id, prefix))


@pytest.fixture
async def store(tmp_path: Path) -> AsyncGenerator[ProcessingStore]:
    async with open_tables(f"sqlite://{tmp_path}/t.db", SCHEMA) as tables:
        yield ProcessingStore(tables, Outbox(tables, Silent(), hints=OUTBOX, sources=(PROCESSING,)))


async def test_what_dying_attempts_of_a_purged_video_write_is_deleted_a_while_after_the_purge(
    store: ProcessingStore,
) -> None:
    media, clock = Folders(), [0.0]
    leftovers = Leftovers(store, media, timedelta(seconds=30), timedelta(hours=1), lambda: clock[0])
    await store.create(Head(VIDEO_ID, "a", 1, State.ENCODING, run=1, start_time=NOW))
    await store.purge(VIDEO_ID)
    assert not await leftovers.clear_purged(VIDEO_ID)
    clock[0] = 29
    assert not await leftovers.clear_purged(VIDEO_ID)
    assert media.deleted == []
    assert [one async for one in store.active()] == [VIDEO_ID]
    clock[0] = 30
    assert await leftovers.clear_purged(VIDEO_ID)
    assert media.deleted == [(VIDEO_ID, "")]
