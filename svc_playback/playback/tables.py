"""Grants that edges refuse although they have not expired."""

from __future__ import annotations

from mesh.tables import Table, integer, text, timestamp

REVOCATIONS = Table(
    "revocations",
    columns=(integer("shard"), text("video_id"), integer("access_epoch"), timestamp("revoke_time")),
    partition_key=("shard",),
    clustering_key=("video_id", "access_epoch"),
    expiring=True,
)
"""One row per refused epoch, gone when no grant of it can live any more. Edges read it whole, hence few partitions."""

SHARDS = 4
