"""Where uploads are kept."""

from __future__ import annotations

from typing import Final

from mesh.tables import Table, blob, boolean, integer, text, timestamp

HEADER: Final = 0
"""The number of the row that says what the upload is; parts are numbered from 1."""

UPLOADS: Final = Table(
    "uploads",
    columns=(
        text("upload_id"),
        integer("number"),
        integer("generation"),
        integer("state"),
        text("account_id"),
        text("channel_id"),
        text("video_id"),
        integer("size_bytes"),
        text("filename"),
        text("layout"),
        integer("received_parts"),
        integer("received_bytes"),
        timestamp("create_time"),
        timestamp("expire_time"),
        timestamp("end_time"),
        blob("digest"),
        blob("request_digest"),
        boolean("source_gone"),
        blob("pending_events"),
        integer("part_bytes"),
        blob("part_sha256"),
    ),
    partition_key=("upload_id",),
    clustering_key=("number",),
)
"""One partition an upload: the header in row 0, then a row for each confirmed part, which fills `part_bytes` and
`part_sha256` alone. Together, so that a part and the counts in the header change in one compare-and-set.
"""

CLAIMS: Final = Table(
    "upload_claims",
    columns=(
        text("account_id"),
        text("upload_id"),
        text("video_id"),
        text("channel_id"),
        integer("size_bytes"),
        boolean("active"),
        blob("request_digest"),
        timestamp("create_time"),
        integer("active_uploads", static=True),
        integer("used_bytes", static=True),
    ),
    partition_key=("account_id",),
    clustering_key=("upload_id",),
)
"""What an account's uploads and sources take up, and their sums in the static columns: counted exactly, because both
change in one compare-and-set. A claim is made before the upload and released after its objects are gone.
"""
