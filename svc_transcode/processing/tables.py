"""A video's processing in one partition, and the lists that hand its jobs out."""

from __future__ import annotations

from datetime import timedelta

from mesh.tables import Table, blob, integer, real, text, timestamp

BODY, VERSION = blob("body"), integer("version")

PROCESSING = Table(
    "processing",
    columns=(
        text("video_id"),
        text("section"),
        text("name"),
        VERSION,
        BODY,
        blob("pending_events"),
    ),
    partition_key=("video_id",),
    clustering_key=("section", "name"),
)
"""("head", "-"): the whole; ("job", name): one job; ("track", name): one published track;
("lines", "-"): of an upload that is followed, which jobs wait for which parts. One partition, so that the
end of a job and what it means for the whole are one commit. `version` counts the changes of a row."""

HEAD, JOBS, LINES, TRACKS = "head", "job", "lines", "track"
HEAD_NAME = LINES_NAME = "-"

PROGRESS = Table(
    "progress",
    columns=(text("video_id"), text("job"), text("tracks"), real("share"), timestamp("report_time")),
    partition_key=("video_id",),
    clustering_key=("job",),
    expiring=True,
)
"""How far running jobs are, by their workers' word. May be lost without harm."""

ACTIVE = Table(
    "active",
    columns=(integer("shard"), text("video_id")),
    partition_key=("shard",),
    clustering_key=("video_id",),
)
"""Videos whose processing has not ended, or has left something to delete: the sweep looks after them."""

QUEUE_GROUPS = Table(
    "queue_groups",
    columns=(integer("shard"), integer("priority"), text("channel_id")),
    partition_key=("shard",),
    clustering_key=("priority", "channel_id"),
)
"""Which channels have queued jobs at which priority (`priorities.in_queue`). A row without jobs is removed by who
finds it so."""

QUEUE_JOBS = Table(
    "queue_jobs",
    columns=(
        integer("priority"),
        text("channel_id"),
        timestamp("queue_time"),
        text("video_id"),
        text("job"),
    ),
    partition_key=("priority", "channel_id"),
    clustering_key=("queue_time", "video_id", "job"),
)
"""Jobs that wait to be handed to the bus, oldest first."""

RELEASED = Table(
    "released",
    columns=(
        integer("shard"),
        text("video_id"),
        text("job"),
        timestamp("release_time"),
        timestamp("report_time"),
        text("worker"),
        text("crew", since=3),
    ),
    partition_key=("shard",),
    clustering_key=("video_id", "job"),
)
"""Jobs that the bus or a worker has. About twice as many as workers have slots."""

EARLIER = Table(
    "earlier_results",
    columns=(text("key"), text("video_id"), text("job"), text("encoder"), blob("numbers"), text("digest")),
    partition_key=("key",),
    default_ttl=timedelta(days=30),
    since=2,
)
"""By what a job does: which job of which video did it last, and of which parts. What it made is in that job's row and
goes with its video."""

WORKERS = Table(
    "workers",
    columns=(
        integer("shard"),
        text("name"),
        integer("slots"),
        integer("ability"),
        text("encoders"),
        integer("memory_bytes"),
        timestamp("announce_time"),
    ),
    partition_key=("shard",),
    clustering_key=("name",),
    default_ttl=timedelta(days=1),
    since=3,
)
"""What each worker can do, by its own word. One that has not been heard of for a minute is gone."""

SHARDS = 4
"""Of ACTIVE."""
