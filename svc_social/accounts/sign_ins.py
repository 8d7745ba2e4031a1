"""Sign-ins: pairs of tokens given, exchanged and ended.

All sign-ins of an account end by one change of its row (`sessions_epoch`). So that none slips through, the account is
read again after a session was written and before its tokens are given: either the change is seen here, or whoever
made it sees the session.
"""

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
from svc_social.accounts.endings import Endings
from svc_social.accounts.sealed_secrets import SealedSecret
from svc_social.accounts.session_store import SessionStore
from svc_social.accounts.sessions import Session, is_live, new_token, read_token, rotate
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
        endings: Endings,
        signer: AccessTokenSigner,
        sealer: Sealer,
        log: FilteringBoundLogger,
        now: Callable[[], datetime],
    ) -> None:
        self._accounts = accounts
        self._sessions = sessions
        self._endings = endings
        self._signer = signer
        self._sealer = sealer
        self._log = log
        self._now = now

    async def begin(self, account: AccountRecord, device_name: str) -> Tokens:
        """Begin a session. Who calls has checked that this is the account as it was read.

        Raises CONTENTION where its sign-ins were ended, or its password changed, at the same moment.
        """
        session_id = uuid7()
        refresh = new_token(self._sealer, session_id)
        session = Session(
            session_id=session_id,
            account_id=account.account_id,
            device_name=device_name,
            create_time=self._now(),
            generation=1,
            live=(refresh.hash,),
            epoch=account.sessions_epoch,
        )
        if not await self._sessions.insert(session):
            raise contention()
        known = await self._accounts.get(account.account_id)
        if known is None or not is_live(session, known):
            await self._endings.session(session)
            raise contention()
        return self._tokens(known, refresh)

    async def refresh(self, text: str) -> Tokens:
        """A new pair for a refresh token. Raises INVALID_REFRESH_TOKEN, after ending the session of an old one."""
        presented = read_token(self._sealer, text)
        if presented is None:
            raise _refusal()
        async for _ in attempts():
            session = await self._sessions.get(presented.owner_id)
            if session is None:
                raise _refusal()
            fresh = new_token(self._sealer, session.session_id)
            after = rotate(session, presented.hash, fresh.hash, self._now())
            if after is None:
                await self._endings.session(session)
                self._log.warning(
                    "an old refresh token came back, so its session was ended",
                    account_id=session.account_id,
                    session_id=session.session_id,
                )
                raise _refusal()
            if await self._sessions.replace(session, after):
                return await self._refreshed(after, fresh)
        raise contention()

    async def end(self, text: str) -> None:
        """End the session that a token belongs to; nothing happens where there is none."""
        token = read_token(self._sealer, text)
        session = None if token is None else await self._sessions.get(token.owner_id)
        if session is not None:
            await self._endings.session(session)

    async def account_of(self, user: Principal) -> AccountRecord:
        """The account of somebody who is signed in. Raises INVALID_TOKEN where the sign-in has ended."""
        account = await self._accounts.get(user.account_id)
        if account is None or not await self.is_live(user.session_id, account):
            raise _ended()
        return account

    async def is_live(self, session_id: str, account: AccountRecord) -> bool:
        """Whether this is a session of the account that has not ended."""
        session = await self._sessions.get(session_id)
        return session is not None and session.account_id == account.account_id and is_live(session, account)

    async def _refreshed(self, session: Session, fresh: SealedSecret) -> Tokens:
        account = await self._accounts.get(session.account_id)
        if account is None or not is_live(session, account):
            await self._endings.session(session)
            raise _refusal()
        return self._tokens(account, fresh)

    def _tokens(self, account: AccountRecord, refresh: SealedSecret) -> Tokens:
        now = self._now()
        access = self._signer.mint(Principal(account.account_id, refresh.owner_id, account.role), now)
        tokens = Tokens(access_token=access.token, refresh_token=refresh.text)
        tokens.access_expire_time.FromDatetime(access.expire_time)
        tokens.refresh_expire_time.FromDatetime(now + self._sessions.lifetime)
        return tokens


def _ended() -> Fault:
    return unauthenticated(ErrorReason.ERROR_REASON_INVALID_TOKEN, "This sign-in has ended. Sign in again.")


def _refusal() -> Fault:
    return unauthenticated(
        ErrorReason.ERROR_REASON_INVALID_REFRESH_TOKEN, "The refresh token is not good any more. Sign in again."
    )
