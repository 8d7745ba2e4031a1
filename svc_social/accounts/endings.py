"""Ending sign-ins and API tokens: what edges have to refuse is written first, then they are gone, then edges are told.

Whoever dies in between has at worst ended nothing that could be refreshed; repeating goes on from there.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from mesh.bus import Bus, BusError
from mesh.identity import CLOCKS_APART, LEEWAY
from svc_social.accounts.domain import AccountRecord
from svc_social.accounts.ended import EndedStore
from svc_social.accounts.session_store import Listed, SessionStore
from svc_social.accounts.sessions import Session, is_live
from svc_social.api_tokens.domain import TokenRecord
from svc_social.api_tokens.store import TokenStore
from vidmesh.social.v1.social_events_pb2 import SessionsEnded

if TYPE_CHECKING:
    from structlog.typing import FilteringBoundLogger

AT_ONCE: Final = 50
UNDER_WAY: Final = timedelta(minutes=1)
"""A call that is under way may still give an access token: it takes no longer than this."""


class Endings:
    """Ends sessions and API tokens. `access_lifetime` is that of access tokens."""

    def __init__(
        self,
        sessions: SessionStore,
        tokens: TokenStore,
        ended: EndedStore,
        bus: Bus,
        log: FilteringBoundLogger,
        access_lifetime: timedelta,
        now: Callable[[], datetime],
    ) -> None:
        self._sessions = sessions
        self._tokens = tokens
        self._ended = ended
        self._bus = bus
        self._log = log
        self._refused_for = access_lifetime + LEEWAY + CLOCKS_APART + UNDER_WAY
        self._now = now

    async def session(self, session: Session) -> None:
        """End this one."""
        await self._end(session.account_id, Listed(session.session_id, self._now()))
        await self.tell(session.account_id)

    async def sessions(self, after: AccountRecord) -> None:
        """End all that are none any more when the account is as given."""
        cursor: bytes | None = None
        while True:
            listed, cursor = await self._sessions.page(after.account_id, AT_ONCE, cursor)
            found = await self._sessions.get_many(listed)
            over = [one for one, session in zip(listed, found, strict=True) if not is_live(session, after)]
            await asyncio.gather(*(self._end(after.account_id, one) for one in over))
            if cursor is None:
                return

    async def token(self, token: TokenRecord) -> None:
        """Delete this API token."""
        await self._end_token(token)
        await self.tell(token.account_id)

    async def tokens(self, after: AccountRecord) -> None:
        """Delete the API tokens that were made before the account became as given."""
        tokens = await self._tokens.all_of(after.account_id)
        await asyncio.gather(*(self._end_token(one) for one in tokens if one.epoch < after.sessions_epoch))

    async def tell(self, account_id: str) -> None:
        """Have the edges look at once what they must refuse; without a word they look every few seconds."""
        try:
            await self._bus.publish(SessionsEnded(account_id=account_id))
        except BusError as error:
            self._log.warning("edges could not be told of an ended sign-in", cause=type(error).__name__)

    async def _end(self, account_id: str, listed: Listed) -> None:
        now = self._now()
        # One that nobody refreshed for longer has no access token left to refuse.
        if now - listed.written < self._refused_for:
            await self._ended.add(listed.session_id, account_id, now, self._refused_for)
        await self._sessions.end(account_id, listed.session_id)

    async def _end_token(self, token: TokenRecord) -> None:
        now = self._now()
        left = token.expire_time + LEEWAY + CLOCKS_APART - now
        if left > timedelta(0):
            await self._ended.add(token.token_id, token.account_id, now, left)
        await self._tokens.delete(token)
