"""What playback learns from others: revocations to keep, and changes that make remembered answers wrong."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Protocol

from google.protobuf.message import Message

from mesh.bus import Event
from svc_playback.playback.neighbours import Neighbours
from svc_playback.playback.store import RevocationStore
from vidmesh.playback.v1.playback_events_pb2 import RevocationsChanged
from vidmesh.upload.v1.upload_events_pb2 import VideoAccessRevoked


class Publisher(Protocol):
    """The part of the bus that is used here."""

    async def publish(self, message: Message, event_id: str | None = None) -> None:
        """A wake never fails."""
        ...


class Revoker:
    """Keeps revocations and tells the edges."""

    def __init__(self, store: RevocationStore, neighbours: Neighbours, bus: Publisher) -> None:
        self._store = store
        self._neighbours = neighbours
        self._bus = bus

    async def on_revoked(self, event: Event[VideoAccessRevoked]) -> None:
        """Kept first, then told: an edge that hears of it finds it."""
        revoked = event.message
        await self._store.add(revoked.video_id, revoked.access_epoch, datetime.now(UTC))
        self._neighbours.forget(revoked.video_id)
        await self._bus.publish(RevocationsChanged(video_id=revoked.video_id))
