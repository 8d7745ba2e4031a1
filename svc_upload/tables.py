"""Everything that svc_upload stores."""

from __future__ import annotations

from typing import Final

from mesh.bus.outbox import outbox_table
from mesh.tables import Schema
from svc_upload.agenda.tables import AGENDA, AGENDA_FLOOR
from svc_upload.uploads.tables import CLAIMS, UPLOADS
from svc_upload.videos.tables import CHANNEL_VIDEOS, PUBLISHED_SINCE, PUBLISHED_VIDEOS, VIDEOS

OUTBOX: Final = outbox_table()

SCHEMA: Final = Schema(
    "svc_upload",
    version=3,
    tables=(UPLOADS, CLAIMS, VIDEOS, CHANNEL_VIDEOS, PUBLISHED_VIDEOS, PUBLISHED_SINCE, AGENDA, AGENDA_FLOOR, OUTBOX),
)
