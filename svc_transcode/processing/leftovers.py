"""What attempts and steps that died left of a video in the object store: found and deleted after its end."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from svc_transcode.processing import downloads, leveling
from svc_transcode.processing.ids import JobId
from svc_transcode.processing.model import OUT, Head, JobRow, JobState, Kind
from svc_transcode.processing.pictures import pictures
from svc_transcode.processing.store import ProcessingStore

NAMED = (Kind.CAPTIONS, Kind.DOWNLOAD)
"""The kinds of jobs of whose files the head says which are kept."""


class Media(Protocol):
    """The media prefix of a video."""

    async def listed(self, video_id: str) -> list[str]:
        """The path of every object of a video."""
        ...

    async def delete(self, video_id: str, path: str) -> None:
        """Delete one object."""
        ...

    async def delete_folder(self, video_id: str, prefix: str) -> None:
        """Delete everything whose path begins so."""
        ...


@dataclass(frozen=True, slots=True)
class Leftovers:
    """Deletes what nothing names, `after` the end of a video's processing or of the video itself, and later what was
    replaced.
    """

    store: ProcessingStore
    media: Media
    after: timedelta
    replaced_after: timedelta
    clock: Callable[[], float] = time.monotonic
    _purged: dict[str, float] = field(default_factory=dict)
    """Videos without a head, and when that was seen first; by this process, so a new one waits once more."""
    _cleared: dict[str, tuple[int, bool]] = field(default_factory=dict)
    """Videos in which nothing is left to delete yet, by which version of the head, and whether what was replaced may
    still be played."""

    async def clear_purged(self, video_id: str) -> bool:
        """Whether a video of which nothing is known needs no more looks.

        Attempts that were being made when it was purged hear so from their next call and delete what they wrote; one
        that died before leaves it to this.
        """
        self._cleared.pop(video_id, None)
        since = self._purged.setdefault(video_id, self.clock())
        if self.clock() - since < self.after.total_seconds():
            return False
        await self.media.delete_folder(video_id, "")
        del self._purged[video_id]
        return True

    async def clear(self, video_id: str, now: datetime) -> bool:
        """Whether the video needs no more looks: false before it is time, and while a job is out that may still write.

        Raises what the stores raise; then, too, the sweep comes again.
        """
        before = await self.store.head(video_id)
        if before is None:
            return await self.clear_purged(video_id)
        self._purged.pop(video_id, None)
        in_use = not is_due(before.value, now, lifetime(before.value, self.replaced_after))
        if not is_due(before.value, now, self.after) or self._cleared.get(video_id) == (before.version, in_use):
            return False
        # Listed before the rows are read: whatever wrote these objects is in the rows, or in the head.
        paths = await self.media.listed(video_id)
        jobs = [row async for row in self.store.jobs(video_id)]
        after = await self.store.head(video_id)
        if after is None or after.version != before.version:
            return False
        replaced = replaced_prefixes(after.value, jobs)
        kept = kept_prefixes(after.value, jobs) + (replaced if in_use else ())
        unnamed = [path for path in paths if not path.startswith(kept)]
        # Captions may be added after the end. Who is about to name one of these objects read the head before this
        # change of it, loses therefore, and writes anew under another name.
        if unnamed and not await self.store.commit(after, after.value):
            return False
        for path in unnamed:
            await self.media.delete(video_id, path)
        # A row of a later run is one whose beginning was given up.
        out = any(job.state in OUT and job.run <= after.value.run for job in jobs)
        self._cleared.pop(video_id, None)
        stays = bool(replaced and in_use) or bool(after.value.downloads)
        if stays and not out:
            self._cleared[video_id] = (after.version + bool(unnamed), in_use)
        return not out and not stays


def is_due(head: Head, now: datetime, after: timedelta) -> bool:
    """Whether processing ended so long ago that no attempt of it still writes."""
    return head.ended and head.end_time is not None and head.end_time + after <= now


def lifetime(head: Head, replaced_after: timedelta) -> timedelta:
    """How long something that was replaced may still be played: as grants live, by the length of the video."""
    seconds = float(head.info.duration) if head.info is not None else 0.0
    return max(replaced_after, timedelta(seconds=2 * seconds))


def replaced_prefixes(head: Head, jobs: Iterable[JobRow]) -> tuple[str, ...]:
    """What the paths of objects begin with that only earlier generations of manifests name."""
    tracks = {track.name: track for track in head.tracks}
    return tuple(f"{job.made.folder}/" for job in jobs if job.made is not None and leveling.is_replaced(tracks, job))


def kept_prefixes(head: Head, jobs: Iterable[JobRow]) -> tuple[str, ...]:
    """What the paths of objects begin with that are named, or that a job may be writing."""
    tracks = {track.name: track for track in head.tracks}
    kept = [f"m/{folder}/" for folder in (*head.earlier, head.manifests) if folder]
    kept += [picture.path for picture in pictures(head)]
    kept += [caption.path for caption in head.captions] + downloads.kept(head)
    for job in jobs:
        if job.state is JobState.DONE and job.made is not None and job.kind not in NAMED:
            if leveling.is_current(tracks, job):
                kept.append(f"{job.made.folder}/")
        elif job.state in OUT:
            kept.append(JobId(head.video_id, job.name, job.release).outputs(job.kind))
    return tuple(kept)
