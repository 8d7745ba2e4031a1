"""What may begin while a file is still arriving."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from svc_transcode.media.info import IndexPoint
from svc_transcode.media.ladder import ladder
from svc_transcode.processing import domain, plan
from svc_transcode.processing.arrival import MOST_MISSES, Arrival, Line, Parked, due, merged, released, slips
from svc_transcode.processing.model import LINES, JobRow, Kind
from svc_transcode.processing.passes import WHOLE, Pace, passes, seconds_left

from .videos import NOW, planned, plans, source

LAYOUT: Final = ((3, 8), (2, 1))
LINE: Final = Line(2, ("a", "b", "c"), (((0, 1),), ((0, 1), (2, 4)), None))


@given(st.sets(st.integers(0, 4)))
def test_an_arrival_knows_its_parts_and_bytes(parts: set[int]) -> None:
    arrival = Arrival(LAYOUT).with_parts(parts)
    assert {index for index in range(5) if arrival.has(index)} == parts
    assert arrival.bytes == sum(arrival.sizes()[index] for index in parts)
    assert arrival.first_missing == next((index for index in range(5) if index not in parts), 5)
    assert arrival.with_parts(parts) == arrival


def test_ranges_that_touch_are_one() -> None:
    assert merged([(4, 5), (0, 2), (2, 3)]) == ((0, 3), (4, 5))


def test_a_job_is_let_go_when_all_that_it_needs_is_there_and_each_line_in_its_order() -> None:
    arrival = Arrival(LAYOUT).with_parts([0])
    assert released(arrival, [LINE], whole=False) == (1,)
    assert released(arrival.with_parts([2]), [LINE], whole=False) == (1,)
    assert released(arrival.with_parts([2, 3]), [LINE], whole=False) == (2,)
    late = Line(2, ("a", "b"), (((4, 5),), ((0, 1),)))
    assert released(arrival, [late], whole=False) == (0,), "the first of a line goes first"


def test_what_nobody_can_tell_the_parts_of_waits_until_the_upload_is_complete() -> None:
    everything = Arrival(LAYOUT).with_parts(range(5))
    assert released(everything, [LINE], whole=False) == (2,)
    assert released(Arrival(LAYOUT), [LINE], whole=True) == (3,)


def test_a_line_goes_on_where_it_was() -> None:
    arrival = replace(Arrival(LAYOUT).with_parts([0, 2, 3]), released=(1,))
    until = released(arrival, [LINE], whole=False)
    assert [slip.name for slip in slips([LINE], arrival.released, until)] == ["b"]


def test_a_job_that_missed_a_part_waits_for_just_that_one_and_after_many_misses_for_all() -> None:
    head, jobs = planned(source(10))
    job = jobs["v0-00000-r1"]
    head = domain.parked(head, replace(job, misses=1), 3)
    assert head.parked == (Parked(job.name, job.priority, 3),)
    arrival = Arrival(LAYOUT).with_parts([0, 4])
    assert not due(head.parked, arrival, whole=False)
    assert due(head.parked, arrival.with_parts([3]), whole=False) == head.parked
    given_up = domain.parked(head, replace(job, misses=MOST_MISSES), 3)
    assert not due(given_up.parked, arrival.with_parts([3]), whole=False)
    assert due(given_up.parked, None, whole=True) == given_up.parked


def _points(seconds: int, at: int) -> tuple[IndexPoint, ...]:
    return tuple(IndexPoint(Fraction(t), 10 * t + at, 10 * t + at + 5) for t in range(seconds))


def test_each_job_needs_the_parts_that_its_stretch_lies_in() -> None:
    info = source(24)
    info = replace(
        info,
        index=_points(24, 0),
        audio=(replace(info.audio[0], length=Fraction(24), index=_points(24, 5)),),
    )
    made = plans(info, pace=Pace(1000, 1e9))
    stills, sound, *pictures = plan.waiting(made, info, [10] * 24)
    assert [len(line.names) for line in pictures] == [2, 3, 3]
    assert pictures[0].needs == (((0, 9),), ((7, 17),))
    assert pictures[1].needs[-1] == ((21, 24),)
    assert [line.priority for line in pictures] == [plan.PRIORITY_FIRST, plan.PRIORITY_FIRST, plan.PRIORITY_REST]
    assert next(need for need in sound.needs if need is not None)[0][0] == 0
    assert sound.needs[-1] is not None
    assert sound.needs[-1][-1][1] == 24
    assert stills.needs == (((0, 21),),)
    assert sorted(name for line in (stills, sound, *pictures) for name in line.names) == sorted(
        job.name for job in made.jobs
    )


def test_without_an_index_every_job_waits_for_the_whole() -> None:
    info = source(24)
    assert {need for line in plan.waiting(plans(info), info, [10] * 24) for need in line.needs} == {None}


def test_what_twelve_hours_wait_for_fits_into_a_row() -> None:
    seconds = 12 * 3600
    info = replace(source(seconds, height=2160), index=_points(seconds, 0))
    lines = plan.waiting(plans(info), info, [500] * (seconds // 50))
    assert len(LINES.dump_json(lines)) < 1 << 20


PICTURES: Final = Fraction(100 * 25)
RUNGS: Final = ladder(1920, 1080)
WORK: Final = float(PICTURES * sum(rung.width * rung.height for rung in RUNGS))


@pytest.mark.parametrize(
    ("seconds", "speed", "together"),
    [
        (WORK / 1e8, 1e8, 1),
        (WORK / 1e8, 1e9, 1),
        (WORK / 1e8, 0.5e8, 2),
        (0.0, 1e9, 2),
    ],
    ids=["just keeps up", "is ten times as fast", "takes twice as long", "the file is there"],
)
def test_one_decode_makes_all_where_encoding_keeps_up_with_the_upload(
    seconds: float, speed: float, together: int
) -> None:
    made = passes(RUNGS, PICTURES, Pace(seconds, speed))
    assert len(made) == together
    assert [name for one in made for name in one] == ["360p", "720p", "1080p"]


def test_a_short_video_is_made_in_one_pass_however_it_arrives() -> None:
    assert len(passes(ladder(1280, 720), Fraction(250), WHOLE)) == 1


def test_an_upload_ends_as_fast_as_it_went_so_far() -> None:
    assert seconds_left(1000, 600, 200, 4.0) == 4.0
    assert seconds_left(1000, 1000, 200, 4.0) == 0.0
    assert seconds_left(1000, 200, 200, 4.0) > 1000


def test_nothing_is_published_and_nothing_ends_before_the_upload_is_complete() -> None:
    head, jobs = planned(source(10))
    head = replace(head, complete=False)
    for job in jobs.values():
        if job.kind in {Kind.VIDEO, Kind.AUDIO}:
            head = domain.chunk_made(head, job)
    assert not domain.to_publish(head)
    assert domain.to_publish(domain.completed(head))
    for track in head.tracks:
        head = domain.track_failed(head, track.name, domain.PROCESSING_FAILED)
    assert domain.finished(head, NOW) is None
    assert domain.finished(domain.completed(head), NOW) is not None


def test_a_row_that_was_written_before_uploads_were_followed_is_of_a_complete_one() -> None:
    head, _ = planned(source(10))
    assert (head.complete, head.arrival, head.parked, JobRow("p", Kind.PROBE, 0, "").misses) == (True, None, (), 0)
