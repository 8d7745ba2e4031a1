"""Where claims are kept. One row a partition, so a claim is decided by one insert-if-absent."""

from __future__ import annotations

from typing import Final

from mesh.tables import Table, text, timestamp

KIND: Final = text("kind")
NAME: Final = text("name")
OWNER_KIND: Final = text("owner_kind")
OWNER_ID: Final = text("owner_id")
CHANNEL_ID: Final = text("channel_id")
CLAIM_TIME: Final = timestamp("claim_time")

CLAIMS: Final = Table(
    "claims",
    columns=(KIND, NAME, OWNER_KIND, OWNER_ID, CHANNEL_ID, CLAIM_TIME),
    partition_key=("kind", "name"),
)
"""Names that must be unique, such as e-mail addresses and handles, and who has them."""
