"""The named queries over uploads and their parts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from google.protobuf.message import Message

from mesh.bus.outbox import Outbox
from mesh.tables import MAX_LIMIT, Insert, Row, Tables, Update
from svc_upload.uploads.domain import PartRecord, UploadRecord
from svc_upload.uploads.rows import header_of, part_of, part_row, upload_of
from svc_upload.uploads.tables import HEADER, UPLOADS

PARTS_AT_ONCE: Final = 50
"""Parts recorded by one compare-and-set."""


@dataclass(frozen=True, slots=True)
class PartPage:
    """Some parts by number; `cursor` is None exactly when nothing more follows."""

    parts: tuple[PartRecord, ...]
    cursor: bytes | None


class UploadStore:
    """Uploads in the tables, with their events in the outbox."""

    def __init__(self, tables: Tables, outbox: Outbox) -> None:
        self._tables = tables
        self._outbox = outbox

    async def get(self, upload_id: str) -> UploadRecord | None:
        """The upload, or None."""
        row = await self._tables.get(UPLOADS, _header(upload_id))
        return None if row is None else upload_of(row)

    async def create(self, upload: UploadRecord) -> UploadRecord:
        """Make the upload unless it is there; the one that is there now."""
        if await self._tables.insert(UPLOADS, header_of(upload)):
            return upload
        return await self.get(upload.upload_id) or upload

    async def change(self, before: UploadRecord, after: UploadRecord, events: Sequence[Message] = ()) -> bool:
        """Compare and set the header; False where it changed since `before` was read."""
        return await self._outbox.update(
            UPLOADS,
            _header(before.upload_id),
            _changes(before, after),
            expect={"generation": before.generation},
            events=list(events),
        )

    async def record(self, before: UploadRecord, after: UploadRecord, parts: Sequence[PartRecord]) -> bool:
        """Add at most PARTS_AT_ONCE new parts and the counts that go with them; False as for `change`."""
        return await self._tables.commit(
            UPLOADS,
            {"upload_id": before.upload_id},
            Update({"number": HEADER}, _changes(before, after), expect={"generation": before.generation}),
            *(Insert(part_row(part)) for part in parts),
        )

    async def parts_named(self, upload_id: str, numbers: Sequence[int]) -> dict[int, PartRecord]:
        """Those of these parts that are confirmed."""
        rows = await self._tables.get_many(UPLOADS, [{"upload_id": upload_id, "number": number} for number in numbers])
        return {part.number: part for row in rows if row is not None for part in (part_of(row),)}

    async def parts(
        self, upload_id: str, *, limit: int, cursor: bytes | None = None, first: int = HEADER + 1
    ) -> PartPage:
        """A page of the confirmed parts by number, from `first` on. Raises InvalidCursor."""
        start = max(first, HEADER + 1)
        page = await self._tables.scan(UPLOADS, {"upload_id": upload_id}, start=start, limit=limit, cursor=cursor)
        return PartPage(tuple(part_of(row) for row in page.rows), page.cursor)

    async def all_parts(self, upload_id: str) -> list[PartRecord]:
        """Every confirmed part by number: ten thousand at most, by the layout."""
        parts: list[PartRecord] = []
        cursor: bytes | None = None
        while True:
            page = await self.parts(upload_id, limit=MAX_LIMIT, cursor=cursor)
            parts += page.parts
            cursor = page.cursor
            if cursor is None:
                return parts

    async def forget(self, upload: UploadRecord) -> bool:
        """Remove the upload and its parts; False while its events are not published yet. May be repeated."""
        row = await self._tables.get(UPLOADS, _header(upload.upload_id))
        if row is not None and row["pending_events"] is not None:
            return False
        await self._tables.delete_partition(UPLOADS, {"upload_id": upload.upload_id})
        return True


def _header(upload_id: str) -> Row:
    return {"upload_id": upload_id, "number": HEADER}


def _changes(before: UploadRecord, after: UploadRecord) -> Row:
    old = header_of(before)
    return {name: value for name, value in header_of(after).items() if value != old[name]}
