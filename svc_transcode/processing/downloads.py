"""Renditions that are asked for as files to keep: which there are, what a worker reads for one, and its end. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from svc_transcode.media import jobs as media
from svc_transcode.processing import plan
from svc_transcode.processing.model import Download, Head, JobRow, Kind, Made, State, Track, TrackState
from svc_transcode.processing.packaging import Gathered, Objects

LIFETIME: Final = timedelta(days=1)
"""How long a file is offered."""
CLOSING: Final = timedelta(hours=1)
"""How long a file stays after its time: whoever began to fetch it last comes to its end."""

_Change = Callable[[Download], Download]


def rendition(head: Head, quality: str) -> Track | None:
    """The rendition of the picture of that name, if a file can be made of it."""
    found = (track for track in head.tracks if track.is_picture and track.name == quality)
    return next((track for track in found if track.state is TrackState.VERIFIED), None)


def sound(head: Head) -> Track | None:
    """The sound that comes with it: the first one, which is the default."""
    return next((t for t in head.tracks if not t.is_picture and t.state is TrackState.VERIFIED), None)


def can_be_asked(head: Head) -> bool:
    """Whether what is made is final."""
    return head.state is State.PROCESSED


def found(head: Head, quality: str, now: datetime) -> Download | None:
    """The file of a rendition that is there or being made."""
    return next((one for one in shown(head, now) if one.quality == quality and not one.failed), None)


def shown(head: Head, now: datetime) -> tuple[Download, ...]:
    """Those whose time is not over."""
    return tuple(one for one in head.downloads if one.expire_time is None or now < one.expire_time)


def asked(head: Head, download: Download) -> Head:
    """The head with a file to be made, instead of one that failed."""
    others = (one for one in head.downloads if not (one.quality == download.quality and one.failed))
    return replace(head, downloads=(*others, download))


def pending(head: Head) -> tuple[JobRow, ...]:
    """The jobs of files that are not made."""
    return tuple(
        JobRow(one.job, Kind.DOWNLOAD, plan.PRIORITY_BOARD, "", (one.quality,), run=head.run)
        for one in head.downloads
        if not one.path and not one.failed
    )


def is_wanted(head: Head, job: JobRow) -> bool:
    """Whether a file waits for this job, whichever run of processing it was asked in."""
    return any(row.name == job.name for row in pending(head))


def work(head: Head, job: JobRow, tracks: Sequence[Gathered], bounds: media.Bounds) -> tuple[str, Objects]:
    """What to do, in JSON without the source, and what to read: the picture, then the sound."""
    name = next(one.name for one in head.downloads if one.job == job.name)
    samples = sum(made.samples for track in tracks for _, made in track.made)
    spec = media.DownloadJob(replace(plan.NO_SOURCE, bounds=bounds), len(tracks[0].objects), samples, name)
    return media.to_json(media.JOB, spec), tuple(one for track in tracks for one in track.objects)


def read(head: Head, job: JobRow) -> tuple[Track, ...]:
    """The tracks that a file is made of, the picture first."""
    heard = sound(head)
    return (head.track(job.tracks[0]), *((heard,) if heard else ()))


def made(head: Head, job: JobRow, result: media.DownloadMade, left: Made, now: datetime) -> Head:
    """A file is there, for `LIFETIME`."""
    path, size = f"{left.folder}/{result.file.path}", result.file.size
    return _with(head, job, lambda one: replace(one, path=path, size=size, expire_time=now + LIFETIME))


def given_up(head: Head, job: JobRow) -> Head:
    """A file cannot be made."""
    return _with(head, job, lambda one: replace(one, failed=True))


def over(head: Head, now: datetime) -> tuple[Download, ...]:
    """Those that are to be deleted."""
    return tuple(one for one in head.downloads if one.expire_time is not None and one.expire_time + CLOSING <= now)


def without(head: Head, gone: tuple[Download, ...]) -> Head:
    """The head without these."""
    return replace(head, downloads=tuple(one for one in head.downloads if one not in gone))


def kept(head: Head) -> list[str]:
    """The paths of files under the video's media prefix."""
    return [one.path for one in head.downloads if one.path]


def _with(head: Head, job: JobRow, change: _Change) -> Head:
    return replace(head, downloads=tuple(change(one) if one.job == job.name else one for one in head.downloads))
