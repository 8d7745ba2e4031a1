"""Sign-ins and API tokens whose tokens edges refuse although they have not expired."""

from __future__ import annotations

import zlib
from datetime import datetime, timedelta
from typing import Final

from mesh.tables import Row, Tables
from svc_social.accounts.tables import ENDED_SESSIONS, SESSION_ACCOUNT_ID, SESSION_ID

SHARDS: Final = 4


class EndedStore:
    """Named queries over what has ended."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    async def add(self, session_id: str, account_id: str, now: datetime, lasts: timedelta) -> None:
        """Refuse the tokens with this `sid` for as long as they could be good. Adding twice only prolongs it."""
        row: Row = {**_key(session_id), "account_id": account_id, "end_time": now}
        await self._tables.put(ENDED_SESSIONS, row, ttl=lasts)

    async def ended_of(self, account_id: str, session_id: str) -> bool:
        """Whether it is an account's that ended lately."""
        row = await self._tables.get(ENDED_SESSIONS, _key(session_id))
        return row is not None and SESSION_ACCOUNT_ID.of(row) == account_id

    async def page(self, limit: int, cursor: bytes | None) -> tuple[list[str], bytes | None]:
        """Values of `sid` to refuse, and where to go on; None at the end. Raises InvalidCursor."""
        shard, inner = (cursor[0], cursor[1:] or None) if cursor else (0, None)
        page = await self._tables.scan(ENDED_SESSIONS, {"shard": shard}, limit=limit, cursor=inner)
        ids = [SESSION_ID.of(row) for row in page.rows]
        if page.cursor is not None:
            return ids, bytes([shard]) + page.cursor
        return ids, bytes([shard + 1]) if shard + 1 < SHARDS else None


def _key(session_id: str) -> Row:
    return {"shard": zlib.crc32(session_id.encode()) % SHARDS, "session_id": session_id}
