"""What follows from finished jobs: manifests, reading back, the end. Every step may be repeated and may be lost."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

from google.protobuf.message import Message

from mesh.bus.tracing import within_trace
from mesh.ids import uuid7
from svc_transcode.media.info import SourceInfo
from svc_transcode.media.package import MPD
from svc_transcode.processing import captions, domain, downloads, leveling, outcomes, plan, storyboards
from svc_transcode.processing.feeding import Feeding
from svc_transcode.processing.leftovers import Leftovers
from svc_transcode.processing.model import Head, JobRow, JobState, Track, TrackFile, TrackState
from svc_transcode.processing.packaging import Gathered, IncompleteTrackError, file_of, gather, manifests
from svc_transcode.processing.queue import Queue
from svc_transcode.processing.store import Change, ProcessingStore, Versioned
from vidmesh.transcode.v1.transcode_events_pb2 import CaptionsChanged, RenditionPublished

HLS_TYPE, DASH_TYPE = "application/vnd.apple.mpegurl", "application/dash+xml"
FOREVER = "public, max-age=31536000, immutable"


class Media(Protocol):
    """Where manifests go: the media prefix of a video."""

    async def put(self, video_id: str, path: str, text: str, content_type: str, cache_control: str) -> None:
        """Store a text. Raises where the store does not take it."""
        ...

    async def delete_folder(self, video_id: str, prefix: str) -> None:
        """Delete everything whose path begins so."""
        ...

    async def delete(self, video_id: str, path: str) -> None:
        """Delete one object; one that is not there is no error."""
        ...

    async def delete_others(self, video_id: str, prefix: str, kept: str) -> None:
        """Delete everything whose path begins with `prefix` and not with `kept`."""
        ...


@dataclass(frozen=True, slots=True)
class Advancing:
    """The steps that no worker takes."""

    store: ProcessingStore
    queue: Queue
    feeding: Feeding
    media: Media
    leftovers: Leftovers

    async def advance(self, video_id: str) -> None:
        """Take every step that is due. Raises what the stores raise; the sweep comes again."""
        while True:
            head = await self.store.head(video_id)
            if head is None:
                if await self.leftovers.clear_purged(video_id):
                    await self.store.deactivate(video_id)
                return
            if head.value.ended and not domain.to_publish(head.value):
                if await self._keep_files(head):
                    continue
                # It stays among the active ones until what died attempts left of it is deleted.
                if await self.leftovers.clear(video_id, datetime.now(UTC)):
                    await self.store.deactivate(video_id)
                return
            with within_trace(head.value.trace):
                if await self._step(head):
                    return

    async def _step(self, head: Versioned[Head]) -> bool:
        """Take the next step; whether none is left until a worker finishes something."""
        if await self.feeding.release(head):
            return False
        if due := domain.to_publish(head.value):
            await self._publish(head, due)
            return False
        if await self._level(head):
            return False
        await self._read_back(head.value)
        ended = domain.finished(head.value, datetime.now(UTC))
        if ended is None:
            return True
        await self.store.commit(head, ended, Change(events=(outcomes.finished(ended),)))
        return False

    async def _publish(self, head: Versioned[Head], tracks: Sequence[Track]) -> None:
        video = head.value
        if video.info is None:
            return
        rows = [row async for row in self.store.jobs(video.video_id)]
        # In a thread: twelve hours are more than 100,000 segments to read and to write down.
        gathered, broken = await asyncio.to_thread(_gather, tracks, rows)
        if broken:
            after = video
            for track in broken:
                after = domain.track_failed(after, track.name, domain.PROCESSING_FAILED)
            await self.store.commit(head, after)
            return
        # A folder of its own: another replica may be publishing the same generation, and one of the two loses.
        folder = f"{video.generation + 1}-{secrets.token_hex(4)}"
        texts = await asyncio.to_thread(manifests, video.info, gathered, folder, captions.tracks(video))
        await asyncio.gather(*(self._put(video.video_id, path, text) for path, text in texts.items()))
        now = datetime.now(UTC)
        after = domain.published(video, [track.name for track in tracks], folder, now)
        known = {track.name: track for track in await self.store.tracks(video.video_id)}
        files = await asyncio.to_thread(_files, gathered, known, video.info, now)
        change = Change(tracks=tuple(files), events=_told(video, after))
        if not await self.store.commit(head, after, change):
            await self.media.delete_folder(video.video_id, f"m/{folder}/")
            return
        # Texts that were replaced or taken away go now: who reads an earlier generation finds none.
        for path in set(video.listed_captions) - set(after.listed_captions):
            await self.media.delete(video.video_id, path)

    async def _put(self, video_id: str, path: str, text: str) -> None:
        kind = DASH_TYPE if path.endswith(MPD) else HLS_TYPE
        await self.media.put(video_id, path, text, kind, FOREVER)

    async def _level(self, head: Versioned[Head]) -> bool:
        """Judge sound that was just published, and begin to make it anew where it is off; whether there was any."""
        video = after = head.value
        due = [track for track in video.tracks if leveling.wanted(track)]
        if not due:
            return False
        rows = [row async for row in self.store.jobs(video.video_id)]
        jobs: list[JobRow] = []
        for track in due:
            judged = await asyncio.to_thread(leveling.judged, track, rows)
            jobs += leveling.pieces(judged, rows, video.run)
            after = after.with_track(judged)
        # Queued before the head says so: a crash in between judges again, which says the same.
        await self.store.add_jobs(video.video_id, jobs)
        await self.queue.add(video, jobs)
        await self.store.commit(head, after)
        return True

    async def _read_back(self, head: Head) -> None:
        jobs = [
            job
            for track in head.tracks
            if domain.to_read_back(track) and (job := await self._reading(head, track)) is not None
        ]
        await self._queue(head, jobs + await self._beside(head, storyboards.wanted(head), captions.wanted(head)))

    async def _keep_files(self, head: Versioned[Head]) -> bool:
        """Have files made that were asked for, and delete those whose time is over; whether there was any of these."""
        await self._queue(head.value, await self._beside(head.value, *downloads.pending(head.value)))
        gone = downloads.over(head.value, datetime.now(UTC))
        if not gone:
            return False
        if await self.store.commit(head, downloads.without(head.value, gone)):
            for one in gone:
                await self.media.delete(head.value.video_id, one.path)
        return True

    async def _queue(self, head: Head, jobs: Sequence[JobRow]) -> None:
        if jobs:
            await self.store.add_jobs(head.video_id, jobs)
            await self.queue.add(head, jobs)

    async def _beside(self, head: Head, *wanted: JobRow | None) -> list[JobRow]:
        """The jobs to queue of those that nothing waits for: each run tries once."""
        jobs: list[JobRow] = []
        for job in wanted:
            found = await self.store.job(head.video_id, job.name) if job else None
            if job and (found is None or found.value.state is JobState.QUEUED):
                jobs.append(job)
        return jobs

    async def _reading(self, head: Head, track: Track) -> JobRow | None:
        """The job to queue so that the track is read back; None where one is out. One that is queued is queued once
        more, as it may have lost its place.
        """
        for generation in range(1, head.generation + 1):
            found = await self.store.job(head.video_id, plan.verify_job(track.name, head.run, generation).name)
            if found is not None and found.value.state is not JobState.CANCELLED:
                return found.value if found.value.state is JobState.QUEUED else None
        return plan.verify_job(track.name, head.run, head.generation)


def _gather(tracks: Sequence[Track], rows: Sequence[JobRow]) -> tuple[list[Gathered], list[Track]]:
    gathered: list[Gathered] = []
    broken: list[Track] = []
    for track in tracks:
        try:
            gathered.append(gather(track, rows))
        except IncompleteTrackError:
            broken.append(track)
    return gathered, broken


def _files(
    gathered: Sequence[Gathered], known: Mapping[str, TrackFile], info: SourceInfo, now: datetime
) -> list[TrackFile]:
    """The files of tracks; one that was published before keeps its id and its time."""
    return [
        known[one.track.name]
        if one.track.name in known and one.track.state is not TrackState.MADE
        else file_of(one, info, uuid7(), now)
        for one in gathered
    ]


def _told(before: Head, after: Head) -> tuple[Message, ...]:
    """One fact for each picture that is new in the manifests, and one where the captions are others."""
    told: list[Message] = []
    if before.listed_captions != after.listed_captions:
        told.append(CaptionsChanged(video_id=after.video_id, manifest_generation=after.generation))
    for track in after.tracks:
        if track.is_picture and track.state is TrackState.PUBLISHED and before.track(track.name) != track:
            event = RenditionPublished(
                video_id=after.video_id, quality=track.name, manifest_generation=after.generation
            )
            event.playable_time.FromDatetime(after.playable_time or datetime.now(UTC))
            told.append(event)
    return tuple(told)
