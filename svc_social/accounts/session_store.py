"""Sessions in the tables. A session that nobody refreshes is gone when its refresh tokens have expired.

The index by account is written before a session and before each of its refreshes, and taken back after its end.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from mesh.contention import attempts
from mesh.tables import Delete, Insert, Row, Tables
from svc_social.accounts.sessions import Session
from svc_social.accounts.tables import (
    DEVICE_NAME,
    LIVE_HASHES,
    SESSION_ACCOUNT_ID,
    SESSION_CREATE_TIME,
    SESSION_EPOCH,
    SESSION_GENERATION,
    SESSION_ID,
    SESSIONS,
    SESSIONS_OF_ACCOUNT,
    USED_HASHES,
    USED_TIME,
    WRITTEN,
)

LONGER: Final = timedelta(days=1)
"""How much longer the index names a session than it lives: never too short."""
_HASH_BYTES: Final = hashlib.sha256().digest_size


@dataclass(frozen=True, slots=True)
class Listed:
    """What the index says of a session: it may not be there any more."""

    session_id: str
    written: datetime
    """When it was begun or refreshed last."""


class SessionStore:
    """Named queries over sessions; `lifetime` is that of a refresh token."""

    def __init__(self, tables: Tables, lifetime: timedelta, now: Callable[[], datetime]) -> None:
        self._tables = tables
        self.lifetime: Final = lifetime
        self._now = now

    async def get(self, session_id: str) -> Session | None:
        """The session as it is now, or None where it ended or expired."""
        page = await self._tables.scan(SESSIONS, {"session_id": session_id}, limit=1)
        return _session(page.rows[0]) if page.rows else None

    async def get_many(self, listed: list[Listed]) -> list[Session | None]:
        """The sessions that the index names, as they are now."""
        return list(await asyncio.gather(*(self.get(one.session_id) for one in listed)))

    async def insert(self, session: Session) -> bool:
        """Begin a session; False where its id exists."""
        await self._list(session)
        return await self._tables.insert(SESSIONS, _row(session), ttl=self.lifetime)

    async def replace(self, before: Session, after: Session) -> bool:
        """Put the next generation in the place of one that was read, with a new lifetime; False where the session
        has changed or ended since.
        """
        await self._list(after)
        return await self._tables.commit(
            SESSIONS,
            {"session_id": before.session_id},
            Delete({"generation": before.generation}, expect={}),
            Insert(_row(after), ttl=self.lifetime),
        )

    async def end(self, account_id: str, session_id: str) -> None:
        """End a session, also when somebody refreshes it at this moment; nothing happens where there is none."""
        async for _ in attempts():
            session = await self.get(session_id)
            key: Row = {"session_id": session_id, "generation": session.generation if session else 0}
            if session is None or await self._tables.delete(SESSIONS, key, expect={}):
                await self._tables.delete(SESSIONS_OF_ACCOUNT, {"account_id": account_id, "session_id": session_id})
                return

    async def page(self, account_id: str, limit: int, cursor: bytes | None) -> tuple[list[Listed], bytes | None]:
        """What the index names, newest first, and where to go on; None at the end. Raises InvalidCursor."""
        page = await self._tables.scan(SESSIONS_OF_ACCOUNT, {"account_id": account_id}, limit=limit, cursor=cursor)
        return [Listed(SESSION_ID.of(row), WRITTEN.of(row)) for row in page.rows], page.cursor

    async def _list(self, session: Session) -> None:
        row: Row = {"account_id": session.account_id, "session_id": session.session_id, "written": self._now()}
        await self._tables.put(SESSIONS_OF_ACCOUNT, row, ttl=self.lifetime + LONGER)


def _row(session: Session) -> Row:
    return {
        "session_id": session.session_id,
        "generation": session.generation,
        "account_id": session.account_id,
        "device_name": session.device_name,
        "live_hashes": b"".join(session.live),
        "used_hashes": b"".join(session.used),
        "used_time": session.used_time,
        "create_time": session.create_time,
        "epoch": session.epoch,
    }


def _session(row: Row) -> Session:
    return Session(
        session_id=SESSION_ID.of(row),
        account_id=SESSION_ACCOUNT_ID.of(row),
        device_name=DEVICE_NAME.of(row),
        create_time=SESSION_CREATE_TIME.of(row),
        generation=SESSION_GENERATION.of(row),
        live=_hashes(LIVE_HASHES.of(row)),
        used=_hashes(USED_HASHES.of(row)),
        used_time=USED_TIME.maybe(row),
        epoch=SESSION_EPOCH.maybe(row) or 0,
    )


def _hashes(joined: bytes) -> tuple[bytes, ...]:
    return tuple(joined[start : start + _HASH_BYTES] for start in range(0, len(joined), _HASH_BYTES))
