"""Records to begin a test with."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from svc_upload.videos.domain import Texts, VideoRecord
from vidmesh.upload.v1.video_pb2 import Visibility

NOW: Final = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)
EARLIER: Final = NOW - timedelta(hours=1)
LATER: Final = NOW + timedelta(hours=1)

_PLAIN: Final = VideoRecord(
    video_id="abcdefghijk",
    channel_id="0198c0de-0000-7000-8000-000000000001",
    account_id="0198c0de-0000-7000-8000-000000000002",
    upload_id="0198c0de-0000-8000-8000-000000000003",
    texts=Texts(title="A title"),
    visibility=Visibility.VISIBILITY_PRIVATE,
    upload_time=EARLIER - timedelta(hours=1),
)


def video(**facts: Any) -> VideoRecord:
    """A private video that is still being uploaded, but for these facts."""
    return replace(_PLAIN, **facts)
