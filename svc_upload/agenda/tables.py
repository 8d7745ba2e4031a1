"""Where the agenda is kept."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from mesh.tables import Table, integer, text, timestamp
from mesh.tables.buckets import Buckets

HOURS: Final = Buckets(timedelta(hours=1))

HOUR: Final = integer("hour")
DUE: Final = timestamp("due")
KIND: Final = text("kind")
SUBJECT: Final = text("subject")
DETAIL: Final = text("detail")

AGENDA: Final = Table(
    "agenda",
    columns=(HOUR, DUE, KIND, SUBJECT, DETAIL),
    partition_key=("hour",),
    clustering_key=("due", "kind", "subject"),
)
"""Items by the hour they are due in. An item is a hint: its handler looks at the truth and may find nothing to do."""

AGENDA_FLOOR: Final = Table(
    "agenda_floor",
    columns=(text("name"), HOUR),
    partition_key=("name",),
)
"""One row: no item is in an hour before this one."""
