"""Sound that was made in pieces is judged as a whole, and made anew where it is not as loud as the rest.

Invariants: what is published can be played all the while; a piece counts once; a track is judged a bounded number of
times, whatever its pieces say; sound that cannot be made anew stays as it is and fails nothing.
"""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mesh.errors import Fault
from svc_transcode.media import jobs as media
from svc_transcode.media.gating import GatingBlocks
from svc_transcode.processing import domain, leveling, outcomes, plan
from svc_transcode.processing.leftovers import is_due, kept_prefixes, lifetime, replaced_prefixes
from svc_transcode.processing.model import Head, JobRow, JobState, Kind, Made, State, TrackState
from svc_transcode.processing.packaging import gather
from svc_transcode.processing.wanted import is_wanted

from .videos import NOW, OPTIONS, done, planned, source

PIECES = 3
AN_HOUR = timedelta(hours=1)


def heard(job: JobRow, head: Head, loudness: float | None) -> JobRow:
    """Done, and so loud; None for sound that nobody measured."""
    made = done(job, head).made
    assert made is not None
    result = media.from_json(media.RESULT, made.result)
    assert isinstance(result, media.AudioMade)
    blocks = None if loudness is None else GatingBlocks.of([loudness] * 100)
    text = media.to_json(media.RESULT, replace(result, blocks=blocks))
    return replace(job, state=JobState.DONE, made=Made(text, f"s/{job.name}.1.1"))


def published(*loudness: float | None) -> tuple[Head, list[JobRow]]:
    """A video whose sound is of pieces that are so loud, and that can be watched."""
    info = source(40)
    sound = replace(info.audio[0], length=Fraction(40))
    head, jobs = planned(replace(info, audio=(sound,)))
    rows = [job for job in jobs.values() if job.kind in {Kind.VIDEO, Kind.AUDIO}]
    for job in rows:
        head = domain.chunk_made(head, job)
    audio = [job for job in rows if job.kind is Kind.AUDIO]
    assert len(audio) == head.track("audio").chunks >= PIECES
    levels = [loudness[min(number, len(loudness) - 1)] for number in range(len(audio))]
    rows = [heard(job, head, one) for job, one in zip(audio, levels, strict=True)]
    return domain.published(head, [track.name for track in head.tracks], "1-a", NOW), rows


def judged(head: Head, rows: list[JobRow]) -> tuple[Head, list[JobRow]]:
    """Judged once: the head then, and the jobs that are out."""
    track = leveling.judged(head.track("audio"), rows)
    out = [replace(job, state=JobState.RELEASED, release=1) for job in leveling.pieces(track, rows, head.run)]
    return head.with_track(track), out


def made(head: Head, out: list[JobRow], loudness: float) -> tuple[Head, list[JobRow]]:
    for job in out:
        head = domain.chunk_made(head, job)
    return head, [heard(job, head, loudness) for job in out]


@pytest.mark.parametrize("loudness", [-14.0, -14.9, -13.1, -70.0, None])
def test_sound_that_is_loud_enough_silent_or_not_measured_stays_as_it_is(loudness: float | None) -> None:
    head, rows = published(loudness)
    assert not domain.to_read_back(head.track("audio"))
    head, out = judged(head, rows)
    assert (out, head.track("audio").leveled) == ([], True)
    assert domain.to_read_back(head.track("audio"))


def test_pieces_are_judged_together_and_none_alone() -> None:
    head, rows = published(-13.0, -13.0, -15.2)
    assert judged(head, rows)[0].track("audio").leveled
    head, rows = published(-20.0, None)
    assert judged(head, rows)[0].track("audio").leveled, "of one piece nothing is known"


def test_sound_that_is_too_quiet_is_made_anew_piece_by_piece_with_the_gain_of_the_whole() -> None:
    head, rows = published(-24.0)
    before = gather(head.track("audio"), rows).objects
    head, out = judged(head, rows)
    assert [job.name for job in out][:2] == ["a-l1-00000-r1", "a-l1-00001-r1"]
    assert {json.loads(job.spec)["gain"] for job in out} == {1000}
    assert {job.priority for job in out} == {plan.PRIORITY_REST}
    assert [(json.loads(job.spec)["first"], json.loads(job.spec)["end"]) for job in out] == [
        (json.loads(job.spec)["first"], json.loads(job.spec)["end"]) for job in rows
    ]
    half, _ = made(head, out[:-1], -14.0)
    assert domain.to_publish(half) == ()
    assert gather(half.track("audio"), rows).objects == before, "what can be played stays until all is made"
    head, more = made(head, out, -14.0)
    due = domain.to_publish(head)
    assert [track.name for track in due] == ["360p", "720p", "audio"]
    assert not {path for path, _ in gather(due[-1], rows + more).objects} & {path for path, _ in before}
    head = domain.published(head, [track.name for track in due], "2-b", NOW)
    head, out = judged(head, rows + more)
    assert (out, head.track("audio").leveled, head.track("audio").gain) == ([], True, 1000)


def test_what_the_limiter_took_is_given_back_once() -> None:
    head, rows = published(-24.0)
    for level, (loudness, gain) in enumerate([(-15.0, 1000), (-15.0, 1100)], 1):
        head, out = judged(head, rows)
        assert {(job.level, json.loads(job.spec)["gain"]) for job in out} == {(level, gain)}
        head, more = made(head, out, loudness)
        rows += more
        head = domain.published(head, head.listed, f"{level}-b", NOW)
    head, out = judged(head, rows)
    assert (out, head.track("audio").leveled) == ([], True)


@given(st.lists(st.floats(-80, 10, allow_nan=False), min_size=5, max_size=5))
def test_a_track_is_made_anew_a_bounded_number_of_times(loudness: list[float]) -> None:
    head, rows = published(loudness[0])
    for times, one in enumerate(loudness[1:]):
        head, out = judged(head, rows)
        if not out:
            break
        assert times < leveling.MOST_LEVELS
        assert all(json.loads(job.spec)["gain"] <= 2000 for job in out)
        head, more = made(head, out, one)
        rows += more
        head = domain.published(head, head.listed, f"{times}-b", NOW)
    assert head.track("audio").leveled


def test_processing_ends_when_the_sound_is_final() -> None:
    head, rows = published(-24.0)
    for name in ("360p", "720p"):
        head = domain.read_back(head, name)
    head, out = judged(head, rows)
    assert domain.finished(head, NOW) is None
    head, _ = made(head, out, -14.0)
    head = domain.published(head, head.listed, "2-b", NOW)
    head = head.with_track(replace(head.track("audio"), leveled=True))
    ended = domain.finished(domain.read_back(head, "audio"), NOW)
    assert ended is not None
    assert ended.state is State.PROCESSED


def test_a_piece_that_cannot_be_made_leaves_the_sound_as_it_is() -> None:
    head, rows = published(-24.0)
    head, out = judged(head, rows)
    before = gather(head.track("audio"), rows).objects
    after, told = outcomes.given_up(head, out[1], permanent=False, now=NOW)
    assert (told, after.track("audio").state) == ((), TrackState.PUBLISHED)
    assert not any(is_wanted(after, job) for job in out)
    assert domain.to_read_back(after.track("audio"))
    assert gather(after.track("audio"), rows).objects == before
    assert domain.chunk_made(after, out[0]) == after, "nor does what comes late count"
    early = heard(out[0], after, -14.0)
    assert set(kept_prefixes(after, [*rows, early])) == {"m/1-a/", *(f"s/{job.name}.1.1/" for job in rows)}


def test_a_piece_waits_until_the_head_knows_of_it_and_is_dropped_when_it_is_late() -> None:
    head, rows = published(-24.0)
    knows, out = judged(head, rows)
    with pytest.raises(Fault) as refused:
        is_wanted(head, out[0])
    assert refused.value.code.name == "UNAVAILABLE"
    assert is_wanted(knows, out[0])
    all_made, _ = made(knows, out, -14.0)
    assert not is_wanted(all_made, out[0])


def test_sound_that_cannot_be_read_back_is_made_from_its_first_level_on() -> None:
    head, rows = published(-24.0)
    head, out = judged(head, rows)
    head, more = made(head, out, -14.0)
    head = domain.published(head, head.listed, "2-b", NOW)
    head = domain.track_failed(head, "audio", domain.NOT_READ_BACK)
    for name in ("360p", "720p"):
        head = domain.read_back(head, name)
    ended = domain.finished(head, NOW)
    assert ended is not None
    again = domain.retry(ended, rows + more, OPTIONS, NOW)
    assert again is not None
    track = again.head.track("audio")
    assert (track.state, track.done, track.level, track.gain, track.leveled) == (TrackState.WAITING, 0, 0, 0, False)
    sound = [job for job in again.jobs if job.kind is Kind.AUDIO]
    assert [job.name for job in sound] == [job.name.replace("-r1", "-r2") for job in rows]
    assert {json.loads(job.spec)["gain"] for job in sound} == {None}


def test_what_was_replaced_stays_for_those_who_began_before_and_goes_then() -> None:
    head, rows = published(-24.0)
    head, out = judged(head, rows)
    head, more = made(head, out, -14.0)
    jobs = rows + more
    assert set(replaced_prefixes(head, jobs)) == {f"s/{job.name}.1.1/" for job in rows}
    assert {f"s/{job.name}.1.1/" for job in more} <= set(kept_prefixes(head, jobs))
    assert not set(kept_prefixes(head, jobs)) & set(replaced_prefixes(head, jobs))
    ended = replace(head, state=State.PROCESSED, end_time=NOW)
    assert lifetime(ended, AN_HOUR) == AN_HOUR
    assert not is_due(ended, NOW + AN_HOUR - timedelta(seconds=1), lifetime(ended, AN_HOUR))
    assert lifetime(ended, timedelta(seconds=1)) == timedelta(seconds=80)
