"""What an account takes up: one claim an upload, counted exactly.

A claim is also who was first with a request_id: it is made before anything else of an upload, and tells a repeated
request what to make again after a crash.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from mesh.contention import LostRace, settle
from mesh.tables import Delete, Insert, Operation, Row, Tables, Update, UpdateStatic
from svc_upload.uploads.domain import Limits, Usage, admitted
from svc_upload.uploads.tables import CLAIMS


@dataclass(frozen=True, slots=True)
class Claim:
    """What one upload, and afterwards its source, takes up of an account."""

    account_id: str
    upload_id: str
    video_id: str
    channel_id: str
    size_bytes: int
    request_digest: bytes
    create_time: datetime
    active: bool = True
    """Counted among the open uploads."""


class Claims:
    """The claims in the tables."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    async def get(self, account_id: str, upload_id: str) -> Claim | None:
        """The claim, or None."""
        row = await self._tables.get(CLAIMS, {"account_id": account_id, "upload_id": upload_id})
        if row is None:
            return None
        cells: dict[str, Any] = dict(row)
        return Claim(**{name: cells[name] for name in Claim.__slots__})

    async def make(self, claim: Claim, limits: Limits) -> Claim:
        """Make the claim unless it is there; the one that is there now.

        Raises TOO_MANY_UPLOADS, QUOTA_EXCEEDED, CONTENTION.
        """

        async def attempt() -> Claim:
            if (there := await self.get(claim.account_id, claim.upload_id)) is not None:
                return there
            statics = await self._statics(claim.account_id)
            after = admitted(_usage(statics), claim.size_bytes, limits)
            row: Row = {name: getattr(claim, name) for name in Claim.__slots__}
            await self._commit(claim.account_id, Insert(row), statics, after)
            return claim

        return await settle(attempt)

    async def close(self, account_id: str, upload_id: str) -> None:
        """The upload is open no more, its bytes stay. May be repeated. Raises CONTENTION."""

        async def attempt() -> None:
            claim = await self.get(account_id, upload_id)
            if claim is None or not claim.active:
                return
            statics = await self._statics(account_id)
            usage = _usage(statics)
            update = Update({"upload_id": upload_id}, {"active": False}, expect={"active": True})
            await self._commit(account_id, update, statics, Usage(usage.active_uploads - 1, usage.used_bytes))

        await settle(attempt)

    async def release(self, account_id: str, upload_id: str) -> None:
        """Its bytes are gone. May be repeated. Raises CONTENTION."""

        async def attempt() -> None:
            claim = await self.get(account_id, upload_id)
            if claim is None:
                return
            statics = await self._statics(account_id)
            usage = _usage(statics)
            after = Usage(usage.active_uploads - claim.active, usage.used_bytes - claim.size_bytes)
            delete = Delete({"upload_id": upload_id}, expect={"active": claim.active})
            await self._commit(account_id, delete, statics, after)

        await settle(attempt)

    async def usage(self, account_id: str) -> Usage:
        """What the account has open and stored."""
        return _usage(await self._statics(account_id))

    async def _statics(self, account_id: str) -> Row:
        return await self._tables.get_static(CLAIMS, {"account_id": account_id})

    async def _commit(self, account_id: str, operation: Operation, before: Row, after: Usage) -> None:
        counts = UpdateStatic({"active_uploads": after.active_uploads, "used_bytes": after.used_bytes}, expect=before)
        if not await self._tables.commit(CLAIMS, {"account_id": account_id}, operation, counts):
            raise LostRace


def _usage(statics: Row) -> Usage:
    cells: dict[str, Any] = dict(statics)
    return Usage(cells["active_uploads"] or 0, cells["used_bytes"] or 0)
