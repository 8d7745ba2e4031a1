"""Sign-ins: pairs of tokens given, exchanged and ended."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING

from mesh.call import Principal
from mesh.contention import attempts
from mesh.errors import Fault, contention, unauthenticated
from mesh.identity import AccessTokenSigner
from mesh.ids import uuid7
from mesh.sealing import Sealer
from svc_social.accounts.domain import AccountRecord
from svc_social.accounts.session_store import SessionStore
from svc_social.accounts.sessions import RefreshToken, Session, new_token, read_token, rotate
from svc_social.accounts.store import AccountStore
from vidmesh.common.v1.error_reason_pb2 import ErrorReason
from vidmesh.social.v1.account_pb2 import Tokens

if TYPE_CHECKING:
    from structlog.typing import FilteringBoundLogger


class SignIns:
    """Gives tokens to accounts that have proved themselves."""

    def __init__(
        self,
        accounts: AccountStore,
        sessions: SessionStore,
        signer: AccessTokenSigner,
        sealer: Sealer,
        log: FilteringBoundLogger,
        now: Callable[[], datetime],
    ) -> None:
        self._accounts = accounts
        self._sessions = sessions
        self._signer = signer
        self._sealer = sealer
        self._log = log
        self._now = now

    async def begin(self, account: AccountRecord, device_name: str) -> Tokens:
        """Begin a session. Who calls has checked that this is the account."""
        session_id = uuid7()
        refresh = new_token(self._sealer, session_id)
        session = Session(
            session_id=session_id,
            account_id=account.account_id,
            device_name=device_name,
            create_time=self._now(),
            generation=1,
            live=(refresh.hash,),
        )
        if not await self._sessions.insert(session):
            raise contention()
        return self._tokens(account, refresh)

    async def refresh(self, text: str) -> Tokens:
        """A new pair for a refresh token. Raises INVALID_REFRESH_TOKEN, after ending the session of an old one."""
        presented = read_token(self._sealer, text)
        if presented is None:
            raise _refusal()
        async for _ in attempts():
            session = await self._sessions.get(presented.session_id)
            if session is None:
                raise _refusal()
            fresh = new_token(self._sealer, session.session_id)
            after = rotate(session, presented.hash, fresh.hash, self._now())
            account = await self._accounts.get(session.account_id)
            if after is None or account is None:
                await self._sessions.end(session.session_id)
                self._log.warning(
                    "an old refresh token came back, so its session was ended",
                    account_id=session.account_id,
                    session_id=session.session_id,
                )
                raise _refusal()
            if await self._sessions.replace(session, after):
                return self._tokens(account, fresh)
        raise contention()

    async def end(self, text: str) -> None:
        """End the session that a token belongs to; nothing happens where there is none."""
        token = read_token(self._sealer, text)
        if token is not None:
            await self._sessions.end(token.session_id)

    def _tokens(self, account: AccountRecord, refresh: RefreshToken) -> Tokens:
        now = self._now()
        access = self._signer.mint(Principal(account.account_id, refresh.session_id, account.role), now)
        tokens = Tokens(access_token=access.token, refresh_token=refresh.text)
        tokens.access_expire_time.FromDatetime(access.expire_time)
        tokens.refresh_expire_time.FromDatetime(now + self._sessions.lifetime)
        return tokens


def _refusal() -> Fault:
    return unauthenticated(
        ErrorReason.ERROR_REASON_INVALID_REFRESH_TOKEN, "The refresh token is not good any more. Sign in again."
    )
