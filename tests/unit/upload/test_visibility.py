"""Who sees a video, and which single status follows."""

from __future__ import annotations

from dataclasses import replace

import pytest

from svc_upload.videos.domain import (
    VideoRecord,
    etag_of,
    listed_for_others,
    seen,
    seen_by_others,
    status_of,
    with_epoch,
)
from vidmesh.upload.v1.video_pb2 import ProcessingState, VideoStatus, Visibility

from .videos import EARLIER, LATER, NOW, video

PRIVATE, UNLISTED, PUBLIC = (
    Visibility.VISIBILITY_PRIVATE,
    Visibility.VISIBILITY_UNLISTED,
    Visibility.VISIBILITY_PUBLIC,
)
PLAYABLE = {"playable_time": EARLIER, "state": ProcessingState.PROCESSING_STATE_PROCESSED}
OPEN = video(visibility=PUBLIC, publish_time=EARLIER, **PLAYABLE)


@pytest.mark.parametrize(
    ("record", "others_see", "listed"),
    [
        (video(visibility=PRIVATE, **PLAYABLE), False, False),
        (video(visibility=UNLISTED, **PLAYABLE), True, False),
        (OPEN, True, True),
        (replace(OPEN, publish_time=NOW), True, True),
        (replace(OPEN, publish_time=LATER), False, False),
        (replace(OPEN, publish_time=None), False, False),
        (replace(OPEN, playable_time=None), False, False),
        (video(visibility=UNLISTED), False, False),
        (replace(OPEN, delete_time=EARLIER), False, False),
        (replace(OPEN, purging=True), False, False),
    ],
)
def test_others_see_what_is_published_and_can_be_played(record: VideoRecord, others_see: bool, listed: bool) -> None:
    assert seen_by_others(record, NOW) is others_see
    assert listed_for_others(record, NOW) is listed
    assert seen(record, member=False, now=NOW) is others_see


@pytest.mark.parametrize(
    "record", [video(), OPEN, replace(OPEN, delete_time=EARLIER), replace(OPEN, publish_time=LATER)]
)
def test_the_channels_people_see_everything_until_it_is_purged(record: VideoRecord) -> None:
    assert seen(record, member=True, now=NOW)
    assert not seen(replace(record, purging=True), member=True, now=NOW)


@pytest.mark.parametrize(
    ("record", "status"),
    [
        (video(), VideoStatus.VIDEO_STATUS_UPLOADING),
        (video(state=ProcessingState.PROCESSING_STATE_PROCESSING), VideoStatus.VIDEO_STATUS_PROCESSING),
        (video(state=ProcessingState.PROCESSING_STATE_PROCESSED), VideoStatus.VIDEO_STATUS_PROCESSING),
        (video(state=ProcessingState.PROCESSING_STATE_FAILED), VideoStatus.VIDEO_STATUS_FAILED),
        (video(**PLAYABLE), VideoStatus.VIDEO_STATUS_PRIVATE),
        (video(visibility=UNLISTED, **PLAYABLE), VideoStatus.VIDEO_STATUS_PUBLISHED),
        (replace(OPEN, publish_time=LATER), VideoStatus.VIDEO_STATUS_PROCESSED),
        (OPEN, VideoStatus.VIDEO_STATUS_PUBLISHED),
        (replace(OPEN, state=ProcessingState.PROCESSING_STATE_FAILED), VideoStatus.VIDEO_STATUS_PUBLISHED),
        (replace(OPEN, delete_time=EARLIER), VideoStatus.VIDEO_STATUS_DELETED),
        (replace(OPEN, purging=True), VideoStatus.VIDEO_STATUS_DELETED),
    ],
)
def test_the_single_status_follows_from_the_facts(record: VideoRecord, status: VideoStatus.ValueType) -> None:
    assert status_of(record, NOW) == status


@pytest.mark.parametrize(
    ("before", "after", "raised"),
    [
        (OPEN, replace(OPEN, visibility=PRIVATE), True),
        (OPEN, replace(OPEN, visibility=UNLISTED), False),
        (OPEN, replace(OPEN, publish_time=LATER), True),
        (OPEN, replace(OPEN, delete_time=NOW), True),
        (replace(OPEN, visibility=UNLISTED), replace(OPEN, publish_time=LATER), True),
        (replace(OPEN, visibility=UNLISTED), replace(OPEN, visibility=PRIVATE), True),
        (replace(OPEN, visibility=PRIVATE), OPEN, False),
        (replace(OPEN, visibility=PRIVATE), replace(OPEN, visibility=PRIVATE, delete_time=NOW), True),
        (replace(OPEN, delete_time=EARLIER), replace(OPEN, delete_time=EARLIER, purging=True), False),
        (replace(OPEN, delete_time=EARLIER), OPEN, False),
        (replace(OPEN, publish_time=LATER), replace(OPEN, visibility=PRIVATE), False),
    ],
)
def test_the_access_epoch_rises_exactly_when_somebody_loses_sight(
    before: VideoRecord, after: VideoRecord, raised: bool
) -> None:
    assert with_epoch(before, after, NOW).access_epoch == before.access_epoch + raised


def test_the_etag_follows_the_generation_and_the_video() -> None:
    assert etag_of(OPEN) == etag_of(replace(OPEN, access_epoch=9))
    assert (
        len({etag_of(OPEN), etag_of(replace(OPEN, generation=2)), etag_of(replace(OPEN, video_id="bbbbbbbbbbb"))}) == 3
    )
