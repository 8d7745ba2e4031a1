"""What the ends of jobs mean for a video."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from mesh.errors import Fault
from svc_transcode.media import jobs as media
from svc_transcode.processing import domain, outcomes, pictures, plan
from svc_transcode.processing.model import Failure, Head, JobRow, JobState, Kind, State, Still, TrackState

from .videos import NOW, OPTIONS, done, planned, source

SENTENCE = Failure("DAMAGED", "The file is damaged.")
JOB = plan.verify_job("720p", 1, 1)


def after_all(head: Head, jobs: dict[str, JobRow], *, but: str = "") -> Head:
    """The head once every job that makes tracks is done, but those whose name begins so."""
    for job in jobs.values():
        if job.kind in {Kind.VIDEO, Kind.AUDIO} and not (but and job.name.startswith(but)):
            head = domain.chunk_made(head, job)
    return head


@pytest.mark.parametrize(("failures", "wait"), [(1, 0.5), (2, 1.0), (3, 2.0), (20, 60.0)])
def test_a_failed_job_waits_twice_as_long_each_time_up_to_a_minute(failures: int, wait: float) -> None:
    decided = domain.after_failure(replace(JOB, failures=failures), permanent=False, most_attempts=100)
    assert decided == domain.TryAgain(timedelta(seconds=wait))


def test_a_job_is_given_up_after_its_attempts_or_when_no_other_can_succeed() -> None:
    assert domain.after_failure(replace(JOB, failures=4), permanent=False, most_attempts=4) == domain.GiveUp()
    assert domain.after_failure(replace(JOB, failures=1), permanent=True, most_attempts=4) == domain.GiveUp()


def test_a_job_of_several_renditions_is_cut_before_anything_is_given_up() -> None:
    _, jobs = planned(source(10))
    decided = domain.after_failure(replace(jobs["v0-00000-r1"], failures=4), permanent=False, most_attempts=4)
    assert isinstance(decided, domain.Split)
    assert [job.tracks for job in decided.jobs] == [("360p",), ("720p",)]


def test_pictures_wait_for_the_sound_and_are_then_published_as_they_are_made() -> None:
    head, jobs = planned(source(40))
    pictures = after_all(head, jobs, but="a")
    assert domain.to_publish(pictures) == ()
    smallest = after_all(head, jobs, but="v1")
    due = domain.to_publish(smallest)
    assert [track.name for track in due] == ["360p", "audio"]
    first = domain.published(smallest, [track.name for track in due], "1-a", NOW)
    assert (first.generation, first.playable_time, domain.to_publish(first)) == (1, NOW, ())
    later = NOW + timedelta(minutes=1)
    rest = after_all(first, {name: job for name, job in jobs.items() if name.startswith("v1")})
    second = domain.published(rest, [track.name for track in domain.to_publish(rest)], "2-b", later)
    assert (second.listed, second.playable_time) == (("360p", "720p", "audio"), NOW)


def test_sound_that_is_given_up_holds_nothing_up() -> None:
    head, jobs = planned(source(6))
    head = domain.track_failed(after_all(head, jobs, but="a"), "audio", SENTENCE)
    assert [track.name for track in domain.to_publish(head)] == ["360p", "720p"]


def test_sound_alone_is_never_published() -> None:
    head, jobs = planned(source(6))
    for name in ("360p", "720p"):
        head = domain.track_failed(head, name, SENTENCE)
    head = after_all(head, jobs)
    assert head.track("360p").state is TrackState.FAILED
    assert domain.to_publish(head) == ()


def test_a_published_track_that_fails_makes_a_generation_without_it() -> None:
    head, jobs = planned(source(6))
    head = after_all(head, jobs)
    head = domain.published(head, [track.name for track in head.tracks], "1-a", NOW)
    head = domain.track_failed(head, "720p", domain.NOT_READ_BACK)
    assert [track.name for track in domain.to_publish(head)] == ["360p", "audio"]


def test_it_ends_when_everything_is_verified_or_given_up_and_fails_without_a_picture() -> None:
    head, jobs = planned(source(6))
    head = after_all(head, jobs)
    head = domain.published(head, [track.name for track in head.tracks], "1-a", NOW)
    assert domain.finished(head, NOW) is None
    mixed = domain.read_back(domain.track_failed(domain.read_back(head, "360p"), "720p", SENTENCE), "audio")
    ended = domain.finished(mixed, NOW)
    assert ended is not None
    assert (ended.state, ended.end_time) == (State.PROCESSED, NOW)
    dark = domain.read_back(head, "audio")
    for name in ("360p", "720p"):
        dark = domain.track_failed(dark, name, SENTENCE)
    ended = domain.finished(dark, NOW)
    assert ended is not None
    assert (ended.state, ended.failure) == (State.FAILED, SENTENCE)


def test_it_fails_once_every_picture_is_given_up_and_sound_that_is_made_waits_for_a_retry() -> None:
    head, jobs = planned(source(6))
    for name in ("360p", "720p"):
        head = domain.track_failed(head, name, SENTENCE)
    assert domain.finished(head, NOW) is None, "its sound is still being made"
    head = after_all(head, jobs)
    ended = domain.finished(head, NOW)
    assert ended is not None
    assert (ended.state, ended.failure) == (State.FAILED, SENTENCE)
    again = domain.retry(ended, [done(jobs["a-r1"], head)], OPTIONS, NOW)
    assert again is not None
    assert again.head.track("audio").state is TrackState.MADE
    assert not any(job.kind is Kind.AUDIO for job in again.jobs)


def test_a_retry_makes_only_what_is_missing() -> None:
    head, jobs = planned(source(40))
    rows = {name: done(job, head) if job.kind is not Kind.THUMBNAILS else job for name, job in jobs.items()}
    rows["v1-00002-r1"] = replace(jobs["v1-00002-r1"], state=JobState.FAILED)
    head = pictures.suggested(after_all(head, jobs, but="v1-00002"), [Still("t/x", 1, 1, OPTIONS.chunk)])
    head = replace(domain.track_failed(head, "720p", SENTENCE), state=State.PROCESSED)
    again = domain.retry(head, rows.values(), OPTIONS, NOW)
    assert again is not None
    assert [job.name for job in again.jobs] == ["v1-00002-720p-r2"]
    track = again.head.track("720p")
    assert (again.head.run, again.head.state, track.state, track.done) == (2, State.ENCODING, TrackState.WAITING, 6)
    assert domain.chunk_made(again.head, again.jobs[0]).track("720p").state is TrackState.MADE


def test_a_track_that_was_made_and_could_not_be_read_back_is_made_wholly_again() -> None:
    head, jobs = planned(source(6))
    rows = [done(job, head) for job in jobs.values() if job.kind is not Kind.THUMBNAILS]
    head = domain.track_failed(after_all(head, jobs), "720p", domain.NOT_READ_BACK)
    again = domain.retry(
        replace(head, state=State.FAILED, stills=(Still("t/x", 1, 1, OPTIONS.chunk),)), rows, OPTIONS, NOW
    )
    assert again is not None
    assert [job.name for job in again.jobs] == ["v0-00000-720p-r2"]
    assert again.head.track("720p").done == 0


def test_stills_that_are_missing_are_made_again_too_and_where_nothing_is_missing_there_is_nothing_to_retry() -> None:
    head, jobs = planned(source(6))
    head = after_all(head, jobs)
    head = domain.published(head, [track.name for track in head.tracks], "1-a", NOW)
    for name in ("360p", "720p", "audio"):
        head = domain.read_back(head, name)
    ended = domain.finished(head, NOW)
    assert ended is not None
    again = domain.retry(ended, jobs.values(), OPTIONS, NOW)
    assert again is not None
    assert [job.name for job in again.jobs] == ["t-r2"]
    whole = replace(ended, stills=(Still("t/x", 1, 1, OPTIONS.chunk),), storyboard="b/x/storyboard.vtt")
    assert domain.retry(whole, jobs.values(), OPTIONS, NOW) is None
    assert domain.retry(head, jobs.values(), OPTIONS, NOW) is None


def test_a_video_that_was_never_probed_is_probed_again() -> None:
    head = replace(planned(source(6))[0], info=None, tracks=(), state=State.FAILED, failure=SENTENCE)
    again = domain.retry(head, (), OPTIONS, NOW)
    assert again is not None
    assert ([job.name for job in again.jobs], again.head.state, again.head.failure) == (["p-r2"], State.PROBING, None)


def test_the_creator_reads_the_reason_where_the_file_is_at_fault_and_a_plain_word_otherwise() -> None:
    head = replace(planned(source(6))[0], state=State.PROBING)
    probe = replace(plan.probe_job(OPTIONS, 1), failure=SENTENCE)
    failed, told = outcomes.given_up(head, probe, permanent=True, now=NOW)
    assert (failed.failure, failed.state, len(told)) == (SENTENCE, State.FAILED, 1)
    assert outcomes.given_up(head, probe, permanent=False, now=NOW)[0].failure == domain.PROCESSING_FAILED


def test_a_track_that_decodes_to_another_number_of_pictures_is_not_what_was_recorded() -> None:
    head, jobs = planned(source(6))
    head = after_all(head, jobs)
    head = domain.published(head, [track.name for track in head.tracks], "1-a", NOW)
    result = media.Verified(1, OPTIONS.chunk, OPTIONS.chunk)
    assert outcomes.read_back(head, JOB, result, None)[0].track("720p").state is TrackState.FAILED


@pytest.mark.parametrize(
    "text", ["", "{}", '{"kind": "nothing"}', '{"kind":"verified","frames":1,"first":"0","end":"1"}']
)
def test_what_a_job_cannot_have_made_is_refused(text: str) -> None:
    with pytest.raises(Fault):
        outcomes.read(plan.probe_job(OPTIONS, 1), text)


def test_a_result_that_misses_a_rendition_is_refused() -> None:
    head, jobs = planned(source(6))
    made = done(jobs["v0-00000-r1"], head)
    assert made.made is not None
    assert isinstance(outcomes.read(jobs["v0-00000-r1"], made.made.result), media.VideoMade)
    with pytest.raises(Fault):
        outcomes.read(replace(jobs["v0-00000-r1"], tracks=("360p", "720p", "1080p")), made.made.result)


def test_a_chunk_in_which_no_picture_begins_has_no_rendition_and_pictures_without_renditions_are_refused() -> None:
    """Such as of a slide that is shown for half a minute: the chunk before it lasts as long."""
    job = planned(source(6))[1]["v0-00000-r1"]
    nothing = media.to_json(media.RESULT, media.VideoMade((), 0))
    assert outcomes.read(job, nothing) == media.VideoMade((), 0)
    with pytest.raises(Fault):
        outcomes.read(job, media.to_json(media.RESULT, media.VideoMade((), 7)))
