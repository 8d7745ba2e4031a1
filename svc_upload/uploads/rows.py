"""Between records and their rows."""

from __future__ import annotations

from typing import Any

from mesh.tables import Row
from svc_upload.uploads.domain import PartRecord, UploadRecord
from svc_upload.uploads.layout import Layout
from svc_upload.uploads.tables import HEADER


def header_of(upload: UploadRecord) -> Row:
    """Every column of the header but `pending_events`, which is the outbox's."""
    return {
        "upload_id": upload.upload_id,
        "number": HEADER,
        "generation": upload.generation,
        "state": upload.state,
        "account_id": upload.account_id,
        "channel_id": upload.channel_id,
        "video_id": upload.video_id,
        "size_bytes": upload.size_bytes,
        "filename": upload.filename,
        "layout": upload.layout.to_text(),
        "received_parts": upload.received_parts,
        "received_bytes": upload.received_bytes,
        "create_time": upload.create_time,
        "expire_time": upload.expire_time,
        "end_time": upload.end_time,
        "digest": upload.digest,
        "request_digest": upload.request_digest,
        "source_gone": upload.source_gone,
    }


def upload_of(row: Row) -> UploadRecord:
    """The upload that `header_of` wrote."""
    cells: dict[str, Any] = dict(row)
    return UploadRecord(
        upload_id=cells["upload_id"],
        generation=cells["generation"],
        state=cells["state"],
        account_id=cells["account_id"],
        channel_id=cells["channel_id"],
        video_id=cells["video_id"],
        size_bytes=cells["size_bytes"],
        filename=cells["filename"],
        layout=Layout.of_text(cells["layout"]),
        received_parts=cells["received_parts"],
        received_bytes=cells["received_bytes"],
        create_time=cells["create_time"],
        expire_time=cells["expire_time"],
        end_time=cells["end_time"],
        digest=cells["digest"],
        request_digest=cells["request_digest"],
        source_gone=cells["source_gone"],
    )


def part_row(part: PartRecord) -> Row:
    """A part's row within its upload's partition."""
    return {"number": part.number, "part_bytes": part.size, "part_sha256": part.sha256}


def part_of(row: Row) -> PartRecord:
    """The part that `part_row` wrote."""
    cells: dict[str, Any] = dict(row)
    return PartRecord(cells["number"], cells["part_bytes"], cells["part_sha256"])
