"""What people do with their own sign-ins: see them, end one, end all."""

from __future__ import annotations

from typing import Final

from mesh.call import Principal
from mesh.contention import attempts
from mesh.errors import contention, not_found
from mesh.pagination import PageTokens
from svc_social.accounts.domain import account_missing, without_sessions
from svc_social.accounts.ended import EndedStore
from svc_social.accounts.endings import Endings
from svc_social.accounts.session_store import SessionStore
from svc_social.accounts.sessions import is_live, session_message
from svc_social.accounts.sign_ins import SignIns
from svc_social.accounts.store import AccountStore
from vidmesh.common.v1.error_reason_pb2 import ErrorReason
from vidmesh.social.v1 import account_service_pb2, credentials_pb2

LIST_SESSIONS: Final = "/vidmesh.social.v1.AccountService/ListSessions"
LIST_ENDED: Final = "/vidmesh.social.v1.AccountService/ListEndedSessions"
PAGE: Final = 50
MOST_PAGE: Final = 200
ENDED_PAGE: Final = 1000


class OwnSessions:
    """The sign-ins of whoever asks."""

    def __init__(
        self,
        accounts: AccountStore,
        sessions: SessionStore,
        ended: EndedStore,
        endings: Endings,
        sign_ins: SignIns,
        page_tokens: PageTokens,
    ) -> None:
        self._accounts = accounts
        self._sessions = sessions
        self._ended = ended
        self._endings = endings
        self._sign_ins = sign_ins
        self._page_tokens = page_tokens

    async def list(
        self, user: Principal, request: credentials_pb2.ListSessionsRequest
    ) -> credentials_pb2.ListSessionsResponse:
        """A page of them. Raises INVALID_PAGE_TOKEN."""
        cursor = self._page_tokens.open(LIST_SESSIONS, request, request.page_token)
        limit = self._page_tokens.page_size(request.page_size, PAGE, MOST_PAGE)
        account = await self._accounts.get(user.account_id)
        if account is None:
            raise account_missing(user.account_id)
        listed, following = await self._sessions.page(user.account_id, limit, cursor)
        found = await self._sessions.get_many(listed)
        return credentials_pb2.ListSessionsResponse(
            sessions=[
                session_message(session, self._sessions.lifetime, current=session.session_id == user.session_id)
                for session in found
                if session is not None and is_live(session, account)
            ],
            next_page_token=self._page_tokens.seal(LIST_SESSIONS, request, following),
        )

    async def end(self, user: Principal, session_id: str) -> None:
        """End one of them. Raises SESSION_NOT_FOUND, but not where it ended lately."""
        session = await self._sessions.get(session_id)
        if session is not None and session.account_id == user.account_id:
            await self._endings.session(session)
        elif session is not None or not await self._ended.ended_of(user.account_id, session_id):
            raise not_found(
                ErrorReason.ERROR_REASON_SESSION_NOT_FOUND, "There is no such sign-in of yours.", session_id=session_id
            )

    async def end_all(self, user: Principal, *, keep_current: bool, delete_api_tokens: bool) -> None:
        """End all of them, and where asked the API tokens. Raises ACCOUNT_NOT_FOUND, CONTENTION."""
        async for _ in attempts():
            account = await self._accounts.get(user.account_id)
            if account is None:
                raise account_missing(user.account_id)
            # A sign-in that has ended already must not come back by being kept.
            kept = keep_current and await self._sign_ins.is_live(user.session_id, account)
            after = without_sessions(account, user.session_id if kept else "")
            if not await self._accounts.replace_credentials(account, after):
                continue
            if delete_api_tokens:
                await self._endings.tokens(after)
            await self._endings.sessions(after)
            await self._endings.tell(user.account_id)
            return
        raise contention()

    async def list_ended(
        self, request: account_service_pb2.ListEndedSessionsRequest
    ) -> account_service_pb2.ListEndedSessionsResponse:
        """A page of everybody's sign-ins and API tokens that edges refuse. Raises INVALID_PAGE_TOKEN."""
        cursor = self._page_tokens.open(LIST_ENDED, request, request.page_token)
        limit = self._page_tokens.page_size(request.page_size, ENDED_PAGE, ENDED_PAGE)
        ids, following = await self._ended.page(limit, cursor)
        return account_service_pb2.ListEndedSessionsResponse(
            session_ids=ids, next_page_token=self._page_tokens.seal(LIST_ENDED, request, following)
        )
