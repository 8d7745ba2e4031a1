"""What follows from finished jobs: manifests, reading back, the end. Every step may be repeated and may be lost."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

from google.protobuf.message import Message

from mesh.ids import uuid7
from svc_transcode.media.package import MPD
from svc_transcode.processing import domain, outcomes, plan
from svc_transcode.processing.model import Head, JobRow, JobState, Track, TrackFile, TrackState
from svc_transcode.processing.packaging import Gathered, IncompleteTrackError, file_of, gather, manifests
from svc_transcode.processing.queue import Queue
from svc_transcode.processing.store import Change, ProcessingStore, Versioned
from vidmesh.transcode.v1.transcode_events_pb2 import RenditionPublished

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


@dataclass(frozen=True, slots=True)
class Advancing:
    """The steps that no worker takes."""

    store: ProcessingStore
    queue: Queue
    media: Media

    async def advance(self, video_id: str) -> None:
        """Take every step that is due. Raises what the stores raise; the sweep comes again."""
        while True:
            head = await self.store.head(video_id)
            if head is None:
                return await self.store.deactivate(video_id)
            if head.value.ended:
                return await self.store.deactivate(video_id)
            if due := domain.to_publish(head.value):
                await self._publish(head, due)
                continue
            await self._read_back(head.value)
            ended = domain.finished(head.value, datetime.now(UTC))
            if ended is None:
                return None
            await self.store.commit(head, ended, Change(events=(outcomes.finished(ended),)))

    async def _publish(self, head: Versioned[Head], tracks: Sequence[Track]) -> None:
        video = head.value
        if video.info is None:
            return
        rows = [row async for row in self.store.jobs(video.video_id)]
        gathered, broken = _gather(tracks, rows)
        if broken:
            after = video
            for track in broken:
                after = domain.track_failed(after, track.name, domain.PROCESSING_FAILED)
            await self.store.commit(head, after)
            return
        # A folder of its own: another replica may be publishing the same generation, and one of the two loses.
        folder = f"{video.generation + 1}-{secrets.token_hex(4)}"
        texts = manifests(video.info, gathered, folder)
        await asyncio.gather(*(self._put(video.video_id, path, text) for path, text in texts.items()))
        now = datetime.now(UTC)
        after = domain.published(video, [track.name for track in tracks], folder, now)
        known = {track.name: track for track in await self.store.tracks(video.video_id)}
        files = [_file(one, known, video, now) for one in gathered]
        change = Change(tracks=tuple(files), events=_told(video, after))
        if not await self.store.commit(head, after, change):
            await self.media.delete_folder(video.video_id, f"m/{folder}/")

    async def _put(self, video_id: str, path: str, text: str) -> None:
        kind = DASH_TYPE if path.endswith(MPD) else HLS_TYPE
        await self.media.put(video_id, path, text, kind, FOREVER)

    async def _read_back(self, head: Head) -> None:
        jobs = [
            plan.verify_job(track.name, head.run, head.generation)
            for track in head.tracks
            if track.state is TrackState.PUBLISHED and not await self._is_being_read(head, track)
        ]
        if jobs:
            await self.store.add_jobs(head.video_id, jobs)
            await self.queue.add(head.video_id, jobs, head.channel_id, head.start_time)

    async def _is_being_read(self, head: Head, track: Track) -> bool:
        """Whether a job that reads it back is out or has ended; one that is only queued may have lost its place."""
        for generation in range(1, head.generation + 1):
            found = await self.store.job(head.video_id, plan.verify_job(track.name, head.run, generation).name)
            if found is not None and found.value.state is not JobState.QUEUED:
                return found.value.state is not JobState.CANCELLED
        return False


def _gather(tracks: Sequence[Track], rows: Sequence[JobRow]) -> tuple[list[Gathered], list[Track]]:
    gathered: list[Gathered] = []
    broken: list[Track] = []
    for track in tracks:
        try:
            gathered.append(gather(track, rows))
        except IncompleteTrackError:
            broken.append(track)
    return gathered, broken


def _file(gathered: Gathered, known: Mapping[str, TrackFile], head: Head, now: datetime) -> TrackFile:
    """The file of a track; one that was published before keeps its id and its time."""
    before = known.get(gathered.track.name)
    if before is not None and gathered.track.state is not TrackState.MADE:
        return before
    assert head.info is not None  # noqa: S101 (only a probed source has tracks)
    return file_of(gathered, head.info, uuid7(), now)


def _told(before: Head, after: Head) -> tuple[Message, ...]:
    """One fact for each picture that is new in the manifests; for a generation without one, none."""
    told: list[Message] = []
    for track in after.tracks:
        if track.is_picture and track.name in after.listed and track.name not in before.listed:
            event = RenditionPublished(
                video_id=after.video_id, quality=track.name, manifest_generation=after.generation
            )
            event.playable_time.FromDatetime(after.playable_time or datetime.now(UTC))
            told.append(event)
    return tuple(told)
