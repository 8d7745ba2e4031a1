"""Named queries over the revocations."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from mesh.grants import access_key
from mesh.identity import CLOCKS_APART
from mesh.tables import Tables
from svc_playback.playback.tables import REVOCATIONS, SHARDS


@dataclass(frozen=True, slots=True)
class RevocationPage:
    """Access keys to refuse, and where to go on; None at the end."""

    access_keys: Sequence[str]
    cursor: bytes | None


class RevocationStore:
    """Epochs of videos whose grants are refused."""

    def __init__(self, tables: Tables, lifetime: timedelta) -> None:
        """`lifetime`: how long the longest grant lives, after which a revocation has nothing left to refuse."""
        self._tables = tables
        self._lifetime = lifetime + CLOCKS_APART

    async def add(self, video_id: str, access_epoch: int, now: datetime) -> None:
        """Refuse this epoch from now on. Adding twice only prolongs it."""
        row = {
            "shard": _shard(video_id),
            "video_id": video_id,
            "access_epoch": access_epoch,
            "revoke_time": now,
        }
        await self._tables.put(REVOCATIONS, row, ttl=self._lifetime)

    async def page(self, cursor: bytes | None, limit: int) -> RevocationPage:
        """Some of all revocations; each that was there throughout is seen once."""
        shard, inner = (cursor[0], cursor[1:] or None) if cursor else (0, None)
        page = await self._tables.scan(REVOCATIONS, {"shard": shard}, limit=limit, cursor=inner)
        keys = [access_key(str(row["video_id"]), int(str(row["access_epoch"]))) for row in page.rows]
        if page.cursor is not None:
            return RevocationPage(keys, bytes([shard]) + page.cursor)
        return RevocationPage(keys, bytes([shard + 1]) if shard + 1 < SHARDS else None)


def _shard(video_id: str) -> int:
    return zlib.crc32(video_id.encode()) % SHARDS
