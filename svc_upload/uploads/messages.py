"""Records as the contract shows them."""

from __future__ import annotations

from collections.abc import Iterable

from svc_upload.uploads.domain import PartRecord, UploadRecord, object_key, part_span
from svc_upload.uploads.layout import Layout
from vidmesh.upload.v1.upload_pb2 import Part, PartRun, Upload
from vidmesh.upload.v1.upload_service_pb2 import SourcePart


def upload_message(upload: UploadRecord) -> Upload:
    """The upload."""
    message = Upload(
        upload_id=upload.upload_id,
        video_id=upload.video_id,
        channel_id=upload.channel_id,
        account_id=upload.account_id,
        size_bytes=upload.size_bytes,
        filename=upload.filename,
        state=upload.state,
        layout=layout_messages(upload.layout),
        part_count=upload.layout.part_count,
        received_part_count=upload.received_parts,
        received_bytes=upload.received_bytes,
    )
    message.create_time.FromDatetime(upload.create_time)
    message.expire_time.FromDatetime(upload.expire_time)
    return message


def layout_messages(layout: Layout) -> list[PartRun]:
    """How the file is cut."""
    return [PartRun(first_number=first, count=run.count, size_bytes=run.size) for first, run in layout.numbered()]


def part_message(upload: UploadRecord, part: PartRecord) -> Part:
    """A confirmed part with its place in the file."""
    span = part_span(upload, part.number)
    return Part(number=part.number, offset_bytes=span.offset, size_bytes=part.size, sha256=part.sha256)


def source_messages(upload: UploadRecord, parts: Iterable[PartRecord]) -> list[SourcePart]:
    """Confirmed parts with the objects that hold them."""
    return [
        SourcePart(part=part_message(upload, part), object_key=object_key(upload.upload_id, part.number, part.sha256))
        for part in parts
    ]
