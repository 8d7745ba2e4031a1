"""Where videos are kept."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from mesh.tables import Table, blob, boolean, desc, integer, text, timestamp
from mesh.tables.buckets import Buckets

VIDEOS: Final = Table(
    "videos",
    columns=(
        text("video_id"),
        integer("generation"),
        text("channel_id"),
        text("account_id"),
        text("upload_id"),
        text("title"),
        text("description"),
        text("tags"),
        text("category"),
        text("language"),
        boolean("age_restriction"),
        integer("content_type"),
        integer("state"),
        integer("failure"),
        integer("run"),
        integer("finished_run"),
        integer("visibility"),
        integer("duration_nanos"),
        text("still_path"),
        integer("still_width"),
        integer("still_height"),
        timestamp("still_made"),
        timestamp("upload_time"),
        timestamp("publish_time"),
        timestamp("announced_time"),
        timestamp("playable_time"),
        timestamp("delete_time"),
        boolean("purging"),
        integer("access_epoch"),
        blob("pending_events"),
        text("chapters", since=3),
    ),
    partition_key=("video_id",),
)
"""One row a video. `tags` is a JSON list, `chapters` one of [milliseconds, title]. Changed by compare-and-set on
`generation` alone.
"""

CHANNEL_VIDEOS: Final = Table(
    "channel_videos",
    columns=(text("channel_id"), timestamp("upload_time"), text("video_id")),
    partition_key=("channel_id",),
    clustering_key=(desc("upload_time"), "video_id"),
)
"""A channel's videos, newest upload first. One partition a channel: a row is about 60 bytes, so 10^5 videos are 6 MB,
and a list by time needs no more. Rows are hints: written before the video, removed before it; readers look at the
video itself.
"""

WEEKS: Final = Buckets(timedelta(days=7))

VIDEO_ID: Final = text("video_id")
PUBLISH_TIME: Final = timestamp("publish_time")
SINCE: Final = timestamp("since")

PUBLISHED_VIDEOS: Final = Table(
    "published_videos",
    columns=(integer("week"), PUBLISH_TIME, VIDEO_ID),
    partition_key=("week",),
    clustering_key=(desc("publish_time"), "video_id"),
    since=2,
)
"""Public videos of the installation by when they are published, scheduled ones included. Rows are hints, written before
the video is public; readers look at the video itself. A row is about 40 bytes: a partition takes 10^5 a week.
"""

PUBLISHED_SINCE: Final = Table(
    "published_since",
    columns=(text("name"), SINCE),
    partition_key=("name",),
    since=2,
)
"""One row: nothing on the list of public videos is from before this time."""
