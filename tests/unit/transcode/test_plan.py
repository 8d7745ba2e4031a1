"""What becomes of a source."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest

from svc_transcode.media import jobs as media
from svc_transcode.processing import plan
from svc_transcode.processing.model import JobState, Kind

from .videos import plans, source


def test_planning_twice_plans_the_same_and_another_run_names_its_jobs_otherwise() -> None:
    info = source(64, height=1080)
    first = plans(info)
    assert plans(info) == first
    assert {job.name for job in first.jobs}.isdisjoint(job.name for job in plans(info, 2).jobs)


def test_a_video_that_is_soon_made_is_decoded_once_for_all_renditions() -> None:
    made = plans(source(20, height=720))
    chunks = [job for job in made.jobs if job.kind is Kind.VIDEO]
    assert [job.tracks for job in chunks] == [("360p", "720p")] * 3


@pytest.mark.parametrize(("seconds", "height"), [(22, 720), (7, 1080), (2, 2160)])
def test_what_takes_longer_gets_a_pass_for_its_smallest_rendition_first(seconds: int, height: int) -> None:
    made = plans(source(seconds, height=height))
    first, *_, last = [job for job in made.jobs if job.kind is Kind.VIDEO]
    assert (first.tracks, first.priority) == (("360p",), plan.PRIORITY_FIRST)
    assert (last.tracks[0], last.priority) == ("720p", plan.PRIORITY_REST)


def test_both_passes_are_of_the_same_chunks() -> None:
    made = plans(source(31, height=1080))
    chunks = [job for job in made.jobs if job.kind is Kind.VIDEO]
    assert Counter((job.tracks, job.priority) for job in chunks) == {
        (("360p",), plan.PRIORITY_FIRST): 7,
        (("720p", "1080p"), plan.PRIORITY_REST): 7,
    }


def test_a_video_that_has_one_rendition_gets_one_pass() -> None:
    made = plans(source(100, height=300))
    assert {job.tracks for job in made.jobs if job.kind is Kind.VIDEO} == {("300p",)}


def test_every_chunk_of_every_rendition_is_made_by_one_job() -> None:
    made = plans(source(100, height=2160))
    covered = Counter((name, job.chunk) for job in made.jobs if job.kind is Kind.VIDEO for name in job.tracks)
    assert set(covered.values()) == {1}
    assert {name: sum(1 for track, _ in covered if track == name) for name, _ in covered} == {
        track.name: track.chunks for track in made.tracks if track.is_picture
    }


def test_sound_is_one_job_a_track_the_default_one_first() -> None:
    made = plans(source(4, audio=("und", "de", "fr")))
    sounds = [track for track in made.tracks if not track.is_picture]
    assert [(t.name, t.language, t.stream_index) for t in sounds] == [
        ("audio", "de", 2),
        ("audio-1", "", 1),
        ("audio-2", "fr", 3),
    ]
    assert [job.tracks for job in made.jobs if job.kind is Kind.AUDIO] == [("audio",), ("audio-1",), ("audio-2",)]


def test_jobs_travel_without_source_and_index() -> None:
    for job in plans(source(10)).jobs:
        spec = media.from_json(media.JOB, job.spec)
        assert spec.source.part_sizes == ()


def test_a_job_of_several_renditions_is_cut_into_one_for_each_that_waits_for_it_to_be_given_up() -> None:
    whole = next(job for job in plans(source(10)).jobs if job.kind is Kind.VIDEO)
    parts = plan.split(replace(whole, state=JobState.RELEASED, release=3, failures=4))
    assert [(part.name, part.tracks, part.parent) for part in parts] == [
        ("v0-00000-360p-r1", ("360p",), whole.name),
        ("v0-00000-720p-r1", ("720p",), whole.name),
    ]
    for part in parts:
        assert (part.state, part.release, part.failures, part.chunk) == (JobState.QUEUED, 0, 0, whole.chunk)
        spec = plan.VIDEO_JOB.validate_json(part.spec)
        assert [rung.quality for rung in spec.rungs] == list(part.tracks)
        assert plan.split(part) == ()


def test_a_part_is_named_alike_whichever_job_it_is_made_again_from() -> None:
    whole = next(job for job in plans(source(10)).jobs if job.kind is Kind.VIDEO)
    part = plan.split(whole)[1]
    names = {plan.again(one, "720p", 2).name for one in (whole, part, plan.again(whole, "720p", 1))}
    assert names == {"v0-00000-720p-r2"}
    assert plan.again(part, "720p", 2).parent == ""


@pytest.mark.parametrize("kind", [Kind.AUDIO, Kind.THUMBNAILS])
def test_what_makes_one_thing_cannot_be_cut(kind: Kind) -> None:
    job = next(job for job in plans(source(10)).jobs if job.kind is kind)
    assert plan.split(replace(job, tracks=job.tracks or ("x",))) == ()
    assert plan.split(plan.verify_job("720p", 1, 1)) == ()


def test_twelve_hours_are_thousands_of_jobs_of_a_bounded_size() -> None:
    made = plans(source(12 * 3600, height=2160))
    assert len(made.jobs) == 2 * (5399 + 3) + 2
    assert max(len(job.spec) for job in made.jobs) < 4096
