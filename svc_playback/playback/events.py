"""What playback learns from others: revocations to keep, and changes that make remembered answers wrong."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import UTC, datetime

from mesh.bus import Bus, Event
from svc_playback.playback.neighbours import Neighbours
from svc_playback.playback.store import RevocationStore
from vidmesh.playback.v1.playback_events_pb2 import RevocationsChanged
from vidmesh.transcode.v1.transcode_events_pb2 import CaptionsChanged, RenditionPublished, StillsMade, StoryboardMade
from vidmesh.upload.v1.upload_events_pb2 import VideoAccessRevoked, VideoChanged, VideoPurged

Change = (
    VideoChanged | VideoAccessRevoked | VideoPurged | RenditionPublished | StillsMade | StoryboardMade | CaptionsChanged
)


class Revoker:
    """Keeps revocations and tells the edges."""

    def __init__(self, store: RevocationStore, neighbours: Neighbours, bus: Bus) -> None:
        self._store = store
        self._neighbours = neighbours
        self._bus = bus

    async def subscribe(self) -> None:
        """Begin to listen; one replica handles each revocation."""
        await self._bus.subscribe(VideoAccessRevoked, "svc_playback-revocations", self.on_revoked)

    async def on_revoked(self, event: Event[VideoAccessRevoked]) -> None:
        """Kept first, then told: an edge that hears of it finds it."""
        revoked = event.message
        await self._store.add(revoked.video_id, revoked.access_epoch, datetime.now(UTC))
        self._neighbours.forget(revoked.video_id)
        await self._bus.publish(RevocationsChanged(video_id=revoked.video_id))


class Forgetter:
    """Drops remembered answers of what changed, in every replica: it hears facts as hints, and forgets everything when
    it may have missed one.
    """

    KINDS = (
        VideoChanged,
        VideoAccessRevoked,
        VideoPurged,
        RenditionPublished,
        StillsMade,
        StoryboardMade,
        CaptionsChanged,
    )

    def __init__(self, neighbours: Neighbours, bus: Bus) -> None:
        self._neighbours = neighbours
        self._bus = bus
        self.listening = asyncio.Event()
        """Set once nothing that is asked from now on can grow stale unnoticed."""

    async def run(self) -> None:
        """Until cancelled."""
        async with AsyncExitStack() as stack:
            listeners = [await stack.enter_async_context(self._bus.wakes(kind)) for kind in self.KINDS]
            # Nobody listened before.
            self._neighbours.forget_all()
            self.listening.set()
            async with asyncio.TaskGroup() as group:
                for changes in listeners:
                    group.create_task(self._forget(changes))

    async def _forget(self, changes: AsyncIterator[Change | None]) -> None:
        async for change in changes:
            if change is None:
                self._neighbours.forget_all()
            else:
                self._neighbours.forget(change.video_id)
