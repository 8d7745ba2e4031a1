"""What svc_transcode says about videos, applied one compare-and-set an event."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

from google.protobuf.message import Message

from mesh.bus import Bus, Event
from svc_upload.agenda.store import Agenda
from svc_upload.kinds import SOURCE, video_item
from svc_upload.videos.facts import told
from svc_upload.videos.store import VideoStore
from vidmesh.transcode.v1.transcode_events_pb2 import (
    ProcessingFinished,
    ProcessingRestarted,
    RenditionPublished,
    SourceProbed,
    StillsMade,
)
from vidmesh.transcode.v1.transcode_pb2 import FailureReason

DURABLE: Final = "svc_upload-processing"
TOLD: Final = (SourceProbed, StillsMade, RenditionPublished, ProcessingFinished, ProcessingRestarted)


class ProcessingEvents:
    """Follows the processing of videos."""

    def __init__(self, videos: VideoStore, agenda: Agenda, *, keeps_source: bool, keep_source_for: timedelta) -> None:
        self._videos = videos
        self._agenda = agenda
        self._keeps_source = keeps_source
        self._keep_source_for = keep_source_for

    async def subscribe(self, bus: Bus) -> None:
        """Follow from now on, each event by one replica."""
        await bus.subscribe(TOLD, DURABLE, self.handle)

    async def handle(self, event: Event[Message]) -> None:
        """Apply one event; one about a video that is gone is dropped."""
        message = event.message
        if not isinstance(message, TOLD):
            return
        if isinstance(message, ProcessingFinished) and not self._keeps_source:
            await self._note_source(message)
        await self._videos.change(message.video_id, lambda record: told(record, message, event.time))

    async def _note_source(self, message: ProcessingFinished) -> None:
        if message.failure_reason == FailureReason.FAILURE_REASON_UNSPECIFIED:
            due = datetime.now(UTC) + self._keep_source_for
            await self._agenda.note(video_item(SOURCE, message.video_id, due, message.run))
