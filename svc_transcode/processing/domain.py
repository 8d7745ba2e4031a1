"""What happens to a video's processing when a job ends. Pure: heads in, heads out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from svc_transcode.processing import captions, leveling, plan, storyboards
from svc_transcode.processing.arrival import MOST_MISSES, Parked
from svc_transcode.processing.model import OUT, Failure, Head, JobRow, JobState, State, Track, TrackState

PROCESSING_FAILED = Failure("PROCESSING", "Processing kept failing. The file is kept; try processing it again.")
NOT_READ_BACK = Failure("PROCESSING", "What was stored could not be read back as it was made. Try processing it again.")
NO_PICTURE = Failure("PROCESSING", "No rendition of the picture could be made. The file is kept; try again.")

FIRST_WAIT = timedelta(milliseconds=500)
LONGEST_WAIT = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class TryAgain:
    """Hand the same job out again, this much later."""

    after: timedelta


@dataclass(frozen=True, slots=True)
class Split:
    """Do it as these smaller jobs instead."""

    jobs: tuple[JobRow, ...]


@dataclass(frozen=True, slots=True)
class GiveUp:
    """It is failed for good."""


def after_failure(job: JobRow, permanent: bool, most_attempts: int) -> TryAgain | Split | GiveUp:
    """What becomes of a job whose attempt failed; `job.failures` counts this one too."""
    if not permanent and job.failures < most_attempts:
        return TryAgain(wait_after(job.failures))
    smaller = plan.split(job)
    return Split(smaller) if smaller else GiveUp()


def wait_after(failures: int) -> timedelta:
    """How long to leave a job alone that failed this often."""
    return min(FIRST_WAIT * 2 ** (max(1, failures) - 1), LONGEST_WAIT)


def planned(head: Head, made: plan.Plan) -> Head:
    """The source is known and its jobs are queued."""
    return replace(head, state=State.ENCODING, tracks=made.tracks)


def completed(head: Head) -> Head:
    """The upload is complete: what waits for parts waits no more."""
    return replace(head, complete=True)


def parked(head: Head, job: JobRow, part: int | None) -> Head:
    """The job is to be queued again when a part (by its index) has arrived, or with None when all have."""
    waits = Parked(job.name, job.priority, part if job.misses < MOST_MISSES else None)
    return replace(head, parked=(*(one for one in head.parked if one.name != job.name), waits))


def failed(head: Head, failure: Failure, now: datetime) -> Head:
    """Nothing can be made of the source."""
    return replace(head, state=State.FAILED, failure=failure, end_time=now)


def chunk_made(head: Head, job: JobRow) -> Head:
    """A job has made its chunk of its tracks."""
    for name in job.tracks:
        track = head.track(name)
        if job.level:
            head = head.with_track(leveling.piece_made(track, job))
        if job.level or track.state is not TrackState.WAITING:
            continue
        done = track.done + 1
        state = TrackState.MADE if done >= track.chunks else TrackState.WAITING
        head = head.with_track(replace(track, done=done, state=state))
    return head


def track_failed(head: Head, name: str, failure: Failure) -> Head:
    """A track is given up; the others go on."""
    track = head.track(name)
    return head if track.state.settled else head.with_track(replace(track, state=TrackState.FAILED, failure=failure))


def to_publish(head: Head) -> tuple[Track, ...]:
    """Every track that the next generation of manifests has, if one is due; otherwise empty.

    A picture waits for the sound, because a rendition is published when it can be played to its end. Everything waits
    for the upload, and for its digest to be checked. After the end, only
    captions change.
    """
    if head.state not in {State.ENCODING, State.PROCESSED} or not head.complete:
        return ()
    if any(t.state is TrackState.WAITING for t in head.tracks if not t.is_picture):
        return ()
    ready = tuple(t for t in head.tracks if t.state in {TrackState.MADE, TrackState.PUBLISHED, TrackState.VERIFIED})
    new = any(t.state is TrackState.MADE for t in ready) or {t.name for t in ready} != set(head.listed)
    due = (new and not head.ended) or captions.paths(head) != head.listed_captions
    return ready if due and any(t.is_plain for t in ready) else ()


def published(head: Head, names: Sequence[str], folder: str, now: datetime) -> Head:
    """A new generation of manifests has these tracks. The first makes the video playable."""
    for name in names:
        track = head.track(name)
        if track.state is TrackState.MADE:
            head = head.with_track(replace(track, state=TrackState.PUBLISHED))
    return replace(
        head,
        generation=head.generation + 1,
        manifests=folder,
        earlier=(*head.earlier, head.manifests) if head.manifests else head.earlier,
        listed=tuple(names),
        listed_captions=captions.paths(head),
        playable_time=head.playable_time or now,
    )


def to_read_back(track: Track) -> bool:
    """Whether it is published as it is to stay."""
    return track.state is TrackState.PUBLISHED and track.is_final


def read_back(head: Head, name: str) -> Head:
    """A published track was read back and is what was recorded."""
    track = head.track(name)
    if track.state is not TrackState.PUBLISHED:
        return head
    return head.with_track(replace(track, state=TrackState.VERIFIED))


def finished(head: Head, now: datetime) -> Head | None:
    """The head at its end, where every track is settled and the upload is complete; otherwise None.

    Without a picture that every player plays nothing is published: sound that is made, and pictures in another codec,
    then wait for a retry, and keep nobody waiting.
    """
    if head.state is not State.ENCODING or not head.complete:
        return None
    hopeless = all(track.state is TrackState.FAILED for track in head.tracks if track.is_plain)
    if not all(track.state.settled or (hopeless and track.state is TrackState.MADE) for track in head.tracks):
        return None
    if any(track.state is TrackState.VERIFIED for track in head.tracks if track.is_plain):
        return replace(head, state=State.PROCESSED, end_time=now)
    reasons = [track.failure for track in head.tracks if track.is_plain and track.failure]
    return failed(head, reasons[0] if reasons else NO_PICTURE, now)


@dataclass(frozen=True, slots=True)
class Again:
    """A new run: the head as it begins, and the jobs that are missing."""

    head: Head
    jobs: tuple[JobRow, ...]


def retrying(head: Head) -> bool:
    """Whether a retry is under way: asking for one again is no new wish."""
    return head.run > 1 and not head.ended


def retry(head: Head, jobs: Iterable[JobRow], options: plan.Options, now: datetime) -> Again | None:
    """A new run of what is missing; None where nothing is. What was made already is not made again."""
    if not head.ended:
        return None
    run = head.run + 1
    begun = replace(head, run=run, start_time=now, end_time=None, failure=None)
    if head.info is None or not head.tracks:
        return Again(
            replace(begun, state=State.PROBING, tracks=(), rungs=(), passes=()), (plan.probe_job(options, run),)
        )
    broken = [track for track in head.tracks if track.state is TrackState.FAILED]
    missing = [] if head.stills else [plan.stills_job(head.info, options, run)]
    known = list(jobs)
    extras = (storyboards.wanted(head), captions.wanted(head))
    if not broken and not missing and not any(_is_missing(job, known) for job in extras):
        return None
    for track in broken:
        keep, again = _missing(track, known, run)
        missing += again
        first = replace(track, level=0, gain=0, leveling=None, leveled=False)
        begun = begun.with_track(replace(first, state=TrackState.WAITING, done=keep, failure=None))
    return Again(replace(begun, state=State.ENCODING), tuple(missing))


def _is_missing(wanted: JobRow | None, jobs: Iterable[JobRow]) -> bool:
    """Whether only a new run could make what is wanted beside the tracks: it is not there, and not on its way."""
    return wanted is not None and not any(job.name == wanted.name and job.state in OUT for job in jobs)


def _missing(track: Track, jobs: Iterable[JobRow], run: int) -> tuple[int, list[JobRow]]:
    """How many chunks of the track can be kept, and jobs for the others."""
    by_chunk: dict[int, JobRow] = {}
    for job in jobs:
        if track.name not in job.tracks or job.kind not in {plan.Kind.VIDEO, plan.Kind.AUDIO} or job.level:
            continue
        known = by_chunk.get(job.chunk)
        if known is None or (job.state is JobState.DONE, job.run) > (known.state is JobState.DONE, known.run):
            by_chunk[job.chunk] = job
    unreadable = track.done >= track.chunks
    kept = 0 if unreadable else sum(job.state is JobState.DONE for job in by_chunk.values())
    redo = [job for job in by_chunk.values() if unreadable or job.state is not JobState.DONE]
    return kept, [plan.again(job, track.name, run) for job in redo]
