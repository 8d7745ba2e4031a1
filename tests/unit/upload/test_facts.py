"""What processing says, in any order and any number of times."""

from __future__ import annotations

from datetime import timedelta
from itertools import permutations

import pytest
from google.protobuf.message import Message

from svc_upload.videos.domain import VideoRecord
from svc_upload.videos.facts import failure_message, told, uploaded
from svc_upload.videos.rows import record_of, row_of
from vidmesh.transcode.v1.transcode_events_pb2 import (
    ProcessingFinished,
    ProcessingRestarted,
    RenditionPublished,
    SourceProbed,
    StillsMade,
)
from vidmesh.transcode.v1.transcode_pb2 import FailureReason
from vidmesh.upload.v1.video_pb2 import ProcessingState, Visibility

from .videos import EARLIER, LATER, NOW, video

UPLOADING, PROCESSING, PROCESSED, FAILED = (
    ProcessingState.PROCESSING_STATE_UPLOADING,
    ProcessingState.PROCESSING_STATE_PROCESSING,
    ProcessingState.PROCESSING_STATE_PROCESSED,
    ProcessingState.PROCESSING_STATE_FAILED,
)


def probed() -> SourceProbed:
    event = SourceProbed(video_id="abcdefghijk")
    event.duration.FromNanoseconds(5_312_500_001)
    return event


def playable() -> RenditionPublished:
    event = RenditionPublished(video_id="abcdefghijk", quality="360p", manifest_generation=1)
    event.playable_time.FromDatetime(EARLIER)
    return event


def finished(
    run: int, reason: FailureReason.ValueType = FailureReason.FAILURE_REASON_UNSPECIFIED
) -> ProcessingFinished:
    return ProcessingFinished(video_id="abcdefghijk", run=run, failure_reason=reason)


def restarted(run: int) -> ProcessingRestarted:
    return ProcessingRestarted(video_id="abcdefghijk", run=run)


def after(record: VideoRecord, *events: Message) -> VideoRecord:
    for event in events:
        record = told(record, event, NOW)
    return record


ROAD = (
    probed(),
    StillsMade(video_id="abcdefghijk", path="t/1-1/0.jpg", width=640, height=360),
    playable(),
    finished(1),
)


def test_one_road_ends_alike_in_whatever_order_its_facts_arrive() -> None:
    ends = {after(video(state=PROCESSING), *order) for order in permutations(ROAD)}
    assert len(ends) == 1
    (end,) = ends
    assert (end.state, end.duration_nanos, end.playable_time) == (PROCESSED, 5_312_500_001, EARLIER)


@pytest.mark.parametrize("event", ROAD)
def test_a_fact_that_comes_again_changes_nothing(event: Message) -> None:
    once = after(video(state=PROCESSING), event)
    assert after(once, event) == once


def test_a_public_video_is_published_when_it_becomes_playable() -> None:
    assert after(video(visibility=Visibility.VISIBILITY_PUBLIC), playable()).publish_time == EARLIER
    assert after(video(visibility=Visibility.VISIBILITY_PUBLIC, publish_time=LATER), playable()).publish_time == LATER
    assert after(video(), playable()).publish_time is None


def test_only_the_first_rendition_makes_it_playable() -> None:
    second = RenditionPublished(video_id="abcdefghijk", manifest_generation=2)
    second.playable_time.FromDatetime(LATER)
    assert after(video(), playable(), second).playable_time == EARLIER


def test_an_older_picture_does_not_replace_a_newer_one() -> None:
    newer, older = (StillsMade(video_id="abcdefghijk", path=path, width=1, height=1) for path in ("new", "old"))
    record = told(told(video(), newer, NOW), older, NOW - timedelta(seconds=1))
    assert record.still is not None
    assert record.still.path == "new"


def test_what_was_decided_later_counts_however_late_an_older_word_comes() -> None:
    first, second, none = (StillsMade(video_id="abcdefghijk", path=path, width=1, height=1) for path in ("1", "2", ""))
    for number, event in enumerate((first, second, none)):
        event.decide_time.FromDatetime(NOW + timedelta(microseconds=number))
    for order in permutations((first, second)):
        record = after(video(), *order)
        assert record.still is not None
        assert record.still.path == "2"
        assert record_of(row_of(record)) == record
    for order in permutations((first, second, none)):
        record = after(video(), *order)
        assert record.still is None
        assert record_of(row_of(record)) == record
        assert after(record, first) == record


def test_a_failure_tells_the_creator_why_until_processing_begins_again() -> None:
    failed = after(video(state=PROCESSING), finished(1, FailureReason.FAILURE_REASON_NOT_A_VIDEO))
    assert (failed.state, failure_message(failed)) == (FAILED, "The file is not a video.")
    again = after(failed, restarted(2))
    assert (again.state, failure_message(again)) == (PROCESSING, "")


def test_every_reason_to_fail_has_a_sentence() -> None:
    for reason in FailureReason.values():
        record = video(state=FAILED, failure=reason)
        assert failure_message(record).endswith(".")


def test_an_old_runs_end_does_not_end_the_new_run() -> None:
    record = after(video(state=PROCESSING), finished(1, FailureReason.FAILURE_REASON_PROCESSING), restarted(2))
    assert after(record, finished(1, FailureReason.FAILURE_REASON_PROCESSING)) == record


def test_a_runs_beginning_that_comes_after_its_end_is_dropped() -> None:
    record = after(video(state=PROCESSING), finished(1, FailureReason.FAILURE_REASON_PROCESSING), finished(2))
    assert after(record, restarted(2)) == record
    assert record.state == PROCESSED


def test_completing_an_upload_never_sets_processing_back() -> None:
    assert uploaded(video()).state == PROCESSING
    for state in (PROCESSING, PROCESSED, FAILED):
        assert uploaded(video(state=state)).state == state
