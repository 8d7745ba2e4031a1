"""How many jobs ended, by the minute."""

from __future__ import annotations

from datetime import timedelta

from mesh.tables import Table, integer, text, timestamp

KEPT = timedelta(hours=1)

FINISHED, FAILED, GIVEN_UP, REUSED = (integer(name) for name in ("finished", "failed", "given_up", "reused"))
MINUTE = timestamp("minute")

JOB_COUNTS = Table(
    "job_counts",
    columns=(integer("shard"), MINUTE, text("replica"), FINISHED, FAILED, GIVEN_UP, REUSED),
    partition_key=("shard",),
    clustering_key=("minute", "replica"),
    default_ttl=KEPT,
    since=2,
)
"""What each replica saw end in each minute. Each writes rows of its own, so none is lost by two that count at once; a
minute may be lost with the process."""
