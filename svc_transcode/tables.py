"""Everything that svc_transcode stores."""

from __future__ import annotations

from typing import Final

from mesh.bus.outbox import outbox_table
from mesh.tables import Schema
from svc_transcode.operating.tables import JOB_COUNTS
from svc_transcode.processing import tables

OUTBOX: Final = outbox_table()

SCHEMA: Final = Schema(
    "svc_transcode",
    version=3,
    tables=(
        tables.PROCESSING,
        tables.PROGRESS,
        tables.ACTIVE,
        tables.QUEUE_GROUPS,
        tables.QUEUE_JOBS,
        tables.RELEASED,
        tables.EARLIER,
        tables.WORKERS,
        JOB_COUNTS,
        OUTBOX,
    ),
)
