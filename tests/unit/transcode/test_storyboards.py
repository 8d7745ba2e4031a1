"""When a storyboard is made, and from what."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest

from mesh.errors import Fault
from svc_transcode.media import jobs as media
from svc_transcode.processing import domain, outcomes, plan, storyboards
from svc_transcode.processing.ids import JobId
from svc_transcode.processing.leftovers import kept_prefixes
from svc_transcode.processing.model import Failure, Head, JobState, Kind, Made, State, Still
from svc_transcode.processing.packaging import Gathered, IncompleteTrackError, gather

from .videos import NOW, OPTIONS, VIDEO_ID, done, planned, source

BROKEN = Failure("PROCESSING", "It is broken.")
STILLS = (Still("t/x", 1, 1, OPTIONS.chunk),)


def published(*names: str) -> Head:
    """A video whose every track is made, and of which these are published."""
    head, jobs = planned(source(6))
    for job in jobs.values():
        if job.kind in {Kind.VIDEO, Kind.AUDIO}:
            head = domain.chunk_made(head, job)
    return domain.published(head, names, "1-a", NOW)


def processed() -> Head:
    head = published("360p", "720p", "audio")
    for track in head.tracks:
        head = domain.read_back(head, track.name)
    ended = domain.finished(head, NOW)
    assert ended is not None
    return replace(ended, stills=STILLS)


def gathered(seconds: int) -> Gathered:
    head, jobs = planned(source(seconds))
    return gather(head.track("360p"), [done(job, head) for job in jobs.values() if job.kind is Kind.VIDEO])


def test_it_is_due_when_the_smallest_rendition_is_published() -> None:
    assert storyboards.wanted(planned(source(6))[0]) is None
    assert storyboards.wanted(published("720p", "audio")) is None
    assert storyboards.wanted(published("360p")) == plan.storyboard_job("360p", 1)
    assert storyboards.wanted(processed()) == plan.storyboard_job("360p", 1)
    assert storyboards.wanted(replace(published("360p"), storyboard="b/x/storyboard.vtt")) is None


def test_where_the_smallest_rendition_is_given_up_the_next_one_has_a_job_of_its_own() -> None:
    head = domain.track_failed(published("360p", "720p", "audio"), "360p", BROKEN)
    assert storyboards.wanted(head) == plan.storyboard_job("720p", 1)
    assert storyboards.wanted(domain.track_failed(head, "720p", BROKEN)) is None


def test_it_comes_after_everything_else_that_waits() -> None:
    others = (*planned(source(40))[1].values(), plan.verify_job("360p", 1, 1))
    assert plan.storyboard_job("360p", 1).priority > max(job.priority for job in others)


@pytest.mark.parametrize("state", [JobState.QUEUED, JobState.RELEASED])
def test_one_that_is_on_its_way_is_not_missing(state: JobState) -> None:
    assert domain.retry(processed(), [replace(plan.storyboard_job("360p", 1), state=state)], OPTIONS, NOW) is None


@pytest.mark.parametrize("state", [JobState.FAILED, JobState.CANCELLED, None])
def test_one_that_is_missing_is_made_by_a_new_run_that_makes_nothing_else(state: JobState | None) -> None:
    rows = [replace(plan.storyboard_job("360p", 1), state=state)] if state else []
    again = domain.retry(processed(), rows, OPTIONS, NOW)
    assert again is not None
    assert (again.jobs, again.head.run, again.head.state) == ((), 2, State.ENCODING)
    assert storyboards.wanted(again.head) == plan.storyboard_job("360p", 2)


def test_when_it_is_given_up_nothing_else_changes() -> None:
    head = published("360p")
    assert outcomes.given_up(head, plan.storyboard_job("360p", 1), permanent=True, now=NOW) == (head, ())


def test_what_is_made_is_told_and_kept_and_a_grant_for_stills_does_not_open_it() -> None:
    head, job = published("360p"), plan.storyboard_job("360p", 1)
    folder = JobId(VIDEO_ID, job.name, 2).folder(Kind.STORYBOARD, 3)
    assert folder == "b/b-360p-r1.2.3"
    made = Made(media.to_json(media.RESULT, media.StoryboardMade(())), folder)
    after, told = outcomes.storyboard(head, made)
    assert after.storyboard == "b/b-360p-r1.2.3/storyboard.vtt"
    assert [getattr(event, "path", "") for event in told] == [after.storyboard]
    assert f"{folder}/" in kept_prefixes(after, [replace(job, state=JobState.DONE, made=made)])
    assert "b/b-360p-r1." in kept_prefixes(head, [replace(job, state=JobState.RELEASED, release=2)])


def test_the_result_of_another_job_is_refused() -> None:
    text = media.to_json(media.RESULT, media.Verified(1, Fraction(0), Fraction(1)))
    with pytest.raises(Fault):
        outcomes.read(plan.storyboard_job("360p", 1), text)


def test_it_is_never_taken_for_a_chunk_of_its_track() -> None:
    made = Made(media.to_json(media.RESULT, media.StoryboardMade(())), "b/x")
    row = replace(plan.storyboard_job("360p", 1), state=JobState.DONE, made=made)
    with pytest.raises(IncompleteTrackError):
        gather(planned(source(6))[0].track("360p"), [row])


def test_every_segment_of_a_short_video_is_read_with_its_time() -> None:
    track = gathered(7)
    text, objects = storyboards.work(track, OPTIONS.bounds)
    spec = media.from_json(media.JOB, text)
    assert isinstance(spec, media.StoryboardJob)
    assert objects == track.objects
    assert spec.starts == (0, 2, 4, 6)
    assert (spec.end, spec.width, spec.height) == (8, 160, 90)


def test_of_a_long_video_only_segments_that_get_a_tile_are_read() -> None:
    track = gathered(2 * 3600)
    text, objects = storyboards.work(track, OPTIONS.bounds)
    spec = media.from_json(media.JOB, text)
    assert isinstance(spec, media.StoryboardJob)
    assert (len(spec.starts), spec.starts[:3], spec.end) == (900, (0, 8, 16), 7200)
    assert objects == (track.objects[0], *track.objects[1::4])
