"""Which objects of a video are named, and when what is not may be deleted."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from fractions import Fraction

from svc_transcode.processing import domain
from svc_transcode.processing.leftovers import is_due, kept_prefixes
from svc_transcode.processing.model import Head, JobRow, JobState, Kind, Made, State, Still

from .videos import NOW, VIDEO_ID

AFTER = timedelta(minutes=2)
HEAD = Head(VIDEO_ID, "a-channel", 1000, State.PROCESSED, run=1, start_time=NOW, end_time=NOW)


def job(state: JobState, folder: str = "", kind: Kind = Kind.VIDEO) -> JobRow:
    return JobRow("j", kind, 0, "", state=state, release=2, made=Made("{}", folder) if folder else None)


def test_nothing_is_due_before_the_end_or_soon_after_it() -> None:
    assert not is_due(replace(HEAD, state=State.ENCODING, end_time=None), NOW + AFTER, AFTER)
    assert not is_due(HEAD, NOW + AFTER - timedelta(seconds=1), AFTER)
    assert is_due(HEAD, NOW + AFTER, AFTER)


def test_what_a_finished_attempt_made_is_kept_and_no_other_attempt() -> None:
    kept = kept_prefixes(HEAD, [job(JobState.DONE, "s/j.2.1")])
    assert "s/j.2.1/0.m4s".startswith(kept)
    assert not "s/j.1.1/0.m4s".startswith(kept)
    assert not "s/j.2.10/0.m4s".startswith(kept)


def test_every_attempt_of_a_job_that_is_out_is_left_alone() -> None:
    assert "t/j.1.1/0.jpg".startswith(kept_prefixes(HEAD, [job(JobState.RELEASED, kind=Kind.THUMBNAILS)]))


def test_attempts_of_jobs_that_were_given_up_are_not_kept() -> None:
    assert kept_prefixes(HEAD, [job(JobState.FAILED), job(JobState.CANCELLED)]) == ()


def test_stills_and_every_generation_that_was_published_are_kept() -> None:
    begun = replace(HEAD, state=State.ENCODING, stills=(Still("t/x.1.1/0.jpg", 1, 1, Fraction(0)),))
    first = domain.published(begun, [], "1-aa", NOW)
    second = domain.published(first, [], "2-bb", NOW)
    assert set(kept_prefixes(second, [])) == {"m/1-aa/", "m/2-bb/", "t/x.1.1/0.jpg"}
