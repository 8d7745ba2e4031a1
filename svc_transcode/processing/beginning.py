"""How the processing of a video begins, begins again, and is forgotten."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime

from mesh.bus.tracing import current_trace
from mesh.contention import LostRace, settle
from mesh.errors import precondition
from svc_transcode.processing import domain, plan
from svc_transcode.processing.advancing import Media
from svc_transcode.processing.model import Head, JobRow, JobState, State
from svc_transcode.processing.queue import Queue
from svc_transcode.processing.store import Change, ProcessingStore
from svc_transcode.processing.viewers import no_such_video
from vidmesh.common.v1.error_reason_pb2 import ErrorReason
from vidmesh.transcode.v1.transcode_events_pb2 import ProcessingRestarted


class Beginning:
    """First runs and further ones."""

    def __init__(self, store: ProcessingStore, queue: Queue, media: Media, options: plan.Options) -> None:
        self._store = store
        self._queue = queue
        self._media = media
        self._options = options

    async def begin(self, video_id: str, channel_id: str, size: int) -> None:
        """The upload is complete. Doing it again goes on where it was left."""
        now, trace = datetime.now(UTC), current_trace()
        head = Head(video_id, channel_id, size, State.PROBING, run=1, start_time=now, trace=trace)
        if not await self._store.create(head):
            found = await settle(lambda: self._completed(video_id))
            if found is None or found.state is not State.PROBING:
                return
            head = found
        await self.probe(head)

    async def _completed(self, video_id: str) -> Head | None:
        """The head of a video that was begun with while its file was uploaded, or before; complete from now on."""
        found = await self._store.head(video_id)
        if found is None:
            return None
        after = replace(domain.completed(found.value), trace=found.value.trace or current_trace())
        if after != found.value and not await self._store.commit(found, after):
            raise LostRace
        return after

    async def probe_unless_begun(self, head: Head) -> None:
        """Queue the probe where who began with the video may have died before it did."""
        found = await self._store.job(head.video_id, plan.probe_job(self._options, head.run).name)
        if found is None or (found.value.state is JobState.QUEUED and not found.value.release):
            await self.probe(head)

    async def follow(self, head: Head) -> None:
        """Begin with an upload that goes on."""
        if await self._store.create(head):
            await self.probe(head)

    async def probe(self, head: Head) -> None:
        """Queue the job that everything begins with; again is no error."""
        jobs = (plan.probe_job(self._options, head.run),)
        await self._store.add_jobs(head.video_id, jobs)
        await self._queue.add(head, jobs)

    async def retry(self, video_id: str) -> Head:
        """Begin a run of what is missing, unless one is under way. Raises VIDEO_NOT_FOUND, NOTHING_TO_RETRY."""

        async def restart() -> Head:
            before = await self._store.head(video_id)
            if before is None:
                raise no_such_video(video_id)
            if domain.retrying(before.value):
                return before.value
            jobs = [row async for row in self._jobs(before.value)]
            again = domain.retry(before.value, jobs, self._options, datetime.now(UTC))
            if again is None:
                raise precondition(
                    ErrorReason.ERROR_REASON_NOTHING_TO_RETRY,
                    "Nothing is missing: only a video that failed, or that misses a rendition, can be processed again.",
                )
            await self._store.activate(video_id)
            await self._store.add_jobs(video_id, again.jobs)
            await self._queue.add(again.head, again.jobs)
            told = ProcessingRestarted(video_id=video_id, run=again.head.run)
            begun = replace(again.head, trace=current_trace())
            if not await self._store.commit(before, begun, Change(events=(told,))):
                raise LostRace
            return begun

        return await settle(restart)

    async def _jobs(self, head: Head) -> AsyncIterator[JobRow]:
        if head.ended:
            async for row in self._store.jobs(head.video_id):
                yield row

    async def purge(self, video_id: str) -> None:
        """The video is gone for good: so is everything that was made of it."""
        await self._store.purge(video_id)
        await self._media.delete_folder(video_id, "")
