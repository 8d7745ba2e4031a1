"""Whether anybody waits for a job. Pure."""

from __future__ import annotations

from mesh.errors import unavailable
from svc_transcode.processing import captions, downloads, leveling, storyboards
from svc_transcode.processing.model import Head, JobRow, Kind, State, TrackState

BESIDE = {Kind.STORYBOARD: storyboards.wanted, Kind.CAPTIONS: captions.wanted}
"""The job of a kind that nothing waits for, where it is to be done."""


def is_wanted(head: Head, job: JobRow) -> bool:
    """Whether its end would mean something. Raises UNAVAILABLE where the head does not know of the job yet."""
    if not _is_known(head, job):
        raise unavailable("The job is queued, but its plan is not written yet. Try again shortly.")
    if job.kind is Kind.DOWNLOAD:
        return downloads.is_wanted(head, job)
    if job.run < head.run:
        return False
    if job.kind is Kind.THUMBNAILS:
        # Nothing waits for stills, so they may come after the end.
        return not head.stills
    if job.kind in BESIDE:
        # Nor for these.
        due = BESIDE[job.kind](head)
        return due is not None and due.name == job.name
    if head.ended or (head.state is not State.PROBING and job.kind is Kind.PROBE):
        return False
    return not job.tracks or any(_is_due(head, name, job) for name in job.tracks)


def _is_known(head: Head, job: JobRow) -> bool:
    if job.run > head.run or (head.state is State.PROBING and job.kind is not Kind.PROBE):
        return False
    of_this_run = job.level > 0 and job.run == head.run
    return not (of_this_run and any(leveling.wanted(head.track(name)) for name in job.tracks))


def _is_due(head: Head, name: str, job: JobRow) -> bool:
    track = head.track(name)
    if job.kind is Kind.VERIFY:
        return track.state is TrackState.PUBLISHED
    return leveling.is_due(track, job) if job.level else track.state is TrackState.WAITING
