"""What processing learns from others: files that are there, videos that are gone, jobs that the bus gave up."""

from __future__ import annotations

from mesh.bus import Bus, DeadLetter, Event
from mesh.bus.jobs import JobQueue
from svc_transcode.operating.counts import Counts, End
from svc_transcode.processing.beginning import Beginning
from svc_transcode.processing.following import Following
from svc_transcode.processing.ids import JobId
from svc_transcode.processing.working import Working
from vidmesh.transcode.v1.transcode_events_pb2 import TranscodeJob
from vidmesh.upload.v1.upload_events_pb2 import UploadCompleted, VideoPurged


class Consumers:
    """The handlers; each may be called again for the same fact."""

    def __init__(self, beginning: Beginning, working: Working, following: Following, counts: Counts) -> None:
        self._beginning = beginning
        self._working = working
        self._following = following
        self._counts = counts

    async def subscribe(self, bus: Bus, jobs: JobQueue[TranscodeJob]) -> None:
        """Begin to listen."""
        await bus.subscribe(UploadCompleted, "svc_transcode-uploads", self._uploaded)
        await bus.subscribe(VideoPurged, "svc_transcode-purges", self._purged)
        await jobs.on_dead("svc_transcode-dead", self._dead)

    async def _uploaded(self, event: Event[UploadCompleted]) -> None:
        upload = event.message
        await self._beginning.begin(upload.video_id, upload.channel_id, upload.size_bytes)
        self._following.due(upload.video_id)

    async def _purged(self, event: Event[VideoPurged]) -> None:
        await self._beginning.purge(event.message.video_id)

    async def _dead(self, letter: DeadLetter[TranscodeJob]) -> None:
        job_id = JobId.parse(letter.message.job_id)
        await self._working.give_up(job_id)
        await self._counts.count(End.GIVEN_UP)
        self._following.due(job_id.video_id)
