"""Sessions in the tables. A session that nobody refreshes is gone when its refresh tokens have expired."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from typing import Final

from mesh.contention import attempts
from mesh.tables import Delete, Insert, Row, Tables
from svc_social.accounts.sessions import Session
from svc_social.accounts.tables import (
    DEVICE_NAME,
    LIVE_HASHES,
    SESSION_ACCOUNT_ID,
    SESSION_CREATE_TIME,
    SESSION_GENERATION,
    SESSION_ID,
    SESSIONS,
    USED_HASHES,
    USED_TIME,
)

_HASH_BYTES: Final = hashlib.sha256().digest_size


class SessionStore:
    """Named queries over sessions; `lifetime` is that of a refresh token."""

    def __init__(self, tables: Tables, lifetime: timedelta) -> None:
        self._tables = tables
        self.lifetime: Final = lifetime

    async def get(self, session_id: str) -> Session | None:
        """The session as it is now, or None where it ended or expired."""
        page = await self._tables.scan(SESSIONS, {"session_id": session_id}, limit=1)
        return _session(page.rows[0]) if page.rows else None

    async def insert(self, session: Session) -> bool:
        """Begin a session; False where its id exists."""
        return await self._tables.insert(SESSIONS, _row(session), ttl=self.lifetime)

    async def replace(self, before: Session, after: Session) -> bool:
        """Put the next generation in the place of one that was read, with a new lifetime; False where the session
        has changed or ended since.
        """
        return await self._tables.commit(
            SESSIONS,
            {"session_id": before.session_id},
            Delete({"generation": before.generation}, expect={}),
            Insert(_row(after), ttl=self.lifetime),
        )

    async def end(self, session_id: str) -> None:
        """End a session, also when somebody refreshes it at this moment; nothing happens where there is none."""
        async for _ in attempts():
            session = await self.get(session_id)
            if session is None:
                return
            key: Row = {"session_id": session_id, "generation": session.generation}
            if await self._tables.delete(SESSIONS, key, expect={}):
                return


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
    )


def _hashes(joined: bytes) -> tuple[bytes, ...]:
    return tuple(joined[start : start + _HASH_BYTES] for start in range(0, len(joined), _HASH_BYTES))
