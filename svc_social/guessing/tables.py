"""Wrong attempts, and places that accounts signed in from. Keys are HMACs: no address of anybody can be read here."""

from __future__ import annotations

from typing import Final

from mesh.tables import Table, blob, desc, text, timestamp
from svc_social.guessing.domain import REMEMBER_PLACE

COUNTER: Final = blob("counter")
ATTEMPT_TIME: Final = timestamp("attempt_time")
ATTEMPT_ID: Final = text("attempt_id")

GUESSES: Final = Table(
    "guesses",
    columns=(COUNTER, ATTEMPT_TIME, ATTEMPT_ID),
    # One partition a counter, one row an attempt: rows are put and deleted blindly, so nobody waits for anybody.
    partition_key=("counter",),
    clustering_key=(desc("attempt_time"), "attempt_id"),
    expiring=True,
    since=2,
)
"""Wrong attempts that are counted, one row each, until they are forgotten."""

PLACE: Final = blob("place")

KNOWN_PLACES: Final = Table(
    "known_places",
    columns=(PLACE, timestamp("last_time")),
    partition_key=("place",),
    default_ttl=REMEMBER_PLACE,
    since=2,
)
"""Networks that an account has signed in from: wrong attempts elsewhere do not lock its owner out."""
