"""SignParts and ConfirmParts: bytes go from the client to the store; this only says where, and looks what came."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from mesh.bus import Bus, BusError
from mesh.contention import LostRace, settle
from mesh.errors import not_found
from mesh.objects import Objects
from svc_upload.uploads.disk import Disk
from svc_upload.uploads.domain import (
    Limits,
    PartRecord,
    UploadRecord,
    check_space_for_parts,
    object_key,
    part_mismatch,
    part_span,
    require_active,
    with_parts,
)
from svc_upload.uploads.store import PARTS_AT_ONCE, UploadStore
from vidmesh.common.v1.error_reason_pb2 import ErrorReason
from vidmesh.upload.v1.upload_events_pb2 import PartsConfirmed

if TYPE_CHECKING:
    from structlog.typing import FilteringBoundLogger

LOOKED_UP_AT_ONCE: Final = 16
"""Parts of one call that the store is asked about at the same time."""


@dataclass(frozen=True, slots=True)
class Ticket:
    """Where one part goes, until when."""

    number: int
    url: str
    headers: dict[str, str]
    expire_time: datetime


class Receiving:
    """Takes parts in."""

    def __init__(
        self,
        uploads: UploadStore,
        objects: Objects,
        bucket: str,
        bus: Bus,
        expire_after: timedelta,
        url_lifetime: timedelta,
        disk: Disk,
        limits: Limits,
        log: FilteringBoundLogger,
    ) -> None:
        self._uploads = uploads
        self._objects = objects
        self._bucket = bucket
        self._bus = bus
        self._expire_after = expire_after
        self._url_lifetime = url_lifetime
        self._disk = disk
        self._limits = limits
        self._log = log

    async def require_space(self, size: int) -> None:
        """Raises STORAGE_LOW where there is too little for parts of `size` bytes together."""
        check_space_for_parts(size, await self._disk.free(), self._limits)

    def sign(self, upload: UploadRecord, number: int, size: int, sha256: bytes) -> Ticket:
        """Where to send a part. Raises UPLOAD_NOT_ACTIVE, PART_MISMATCH."""
        require_active(upload)
        part_span(upload, number, size)
        # The clock is read first: the URL works at least as long as is promised.
        expire_time = datetime.now(UTC).replace(microsecond=0) + self._url_lifetime
        signed = self._objects.presign_put(
            self._bucket,
            object_key(upload.upload_id, number, sha256),
            size=size,
            sha256=sha256.hex(),
            lifetime=self._url_lifetime,
        )
        return Ticket(number, signed.url, dict(signed.headers), expire_time)

    async def confirm(self, upload: UploadRecord, receipts: Sequence[tuple[int, bytes]]) -> UploadRecord:
        """Record the parts (number, SHA-256) that the store has; all of them, or none that a check refuses.

        Raises UPLOAD_NOT_ACTIVE, UPLOAD_NOT_FOUND, PART_MISMATCH, CONTENTION.
        """
        require_active(upload)
        parts = _distinct(upload, receipts)
        new = await self._new(upload.upload_id, parts)
        await self._look_up(upload, new)
        for first in range(0, len(new), PARTS_AT_ONCE):
            upload = await self._record(upload.upload_id, new[first : first + PARTS_AT_ONCE])
        if new:
            await self._wake(upload)
        return upload

    async def _new(self, upload_id: str, parts: Sequence[PartRecord]) -> list[PartRecord]:
        there = await self._uploads.parts_named(upload_id, [part.number for part in parts])
        for part in parts:
            if part.number in there and there[part.number] != part:
                raise part_mismatch(part.number, f"Part {part.number} is confirmed already, with other content.")
        return [part for part in parts if part.number not in there]

    async def _look_up(self, upload: UploadRecord, parts: Sequence[PartRecord]) -> None:
        turns = asyncio.Semaphore(LOOKED_UP_AT_ONCE)

        async def look(part: PartRecord) -> None:
            async with turns:
                found = await self._objects.head(self._bucket, object_key(upload.upload_id, part.number, part.sha256))
            if found is None:
                raise part_mismatch(part.number, f"Part {part.number} with this digest was not stored.")
            if found.size != part.size:
                raise part_mismatch(part.number, f"Part {part.number} was stored with {found.size} bytes.")

        tasks = [asyncio.create_task(look(part)) for part in parts]
        try:
            await asyncio.gather(*tasks)
        finally:
            for task in tasks:
                task.cancel()

    async def _record(self, upload_id: str, parts: Sequence[PartRecord]) -> UploadRecord:
        async def attempt() -> UploadRecord:
            before = await self._uploads.get(upload_id)
            if before is None:
                raise upload_not_found()
            require_active(before)
            new = await self._new(upload_id, parts)
            if not new:
                return before
            after = with_parts(before, new, datetime.now(UTC), self._expire_after)
            if not await self._uploads.record(before, after, new):
                raise LostRace
            return after

        return await settle(attempt)

    async def _wake(self, upload: UploadRecord) -> None:
        try:
            await self._bus.publish(PartsConfirmed(video_id=upload.video_id, upload_id=upload.upload_id))
        except BusError as error:
            # A wake is a hint: the parts are safe, and completing is announced for sure.
            self._log.warning("parts were confirmed without a wake", error=type(error).__name__)


def upload_not_found() -> Exception:
    """NOT_FOUND (UPLOAD_NOT_FOUND)."""
    return not_found(ErrorReason.ERROR_REASON_UPLOAD_NOT_FOUND, "There is no such upload.")


def _distinct(upload: UploadRecord, receipts: Sequence[tuple[int, bytes]]) -> list[PartRecord]:
    parts: dict[int, PartRecord] = {}
    for number, sha256 in receipts:
        part = PartRecord(number, part_span(upload, number).size, sha256)
        if parts.setdefault(number, part) != part:
            raise part_mismatch(number, f"Part {number} is named twice, with different digests.")
    return list(parts.values())
