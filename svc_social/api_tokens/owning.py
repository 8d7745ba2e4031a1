"""What people do with their API tokens: make, see and delete them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Final

from mesh.call import Principal
from mesh.errors import Fault, exhausted, invalid_field, not_found
from mesh.identity import AccessTokenSigner
from mesh.ids import uuid7
from mesh.pagination import PageTokens
from svc_social.accounts.ended import EndedStore
from svc_social.accounts.endings import Endings
from svc_social.accounts.sign_ins import SignIns
from svc_social.api_tokens.domain import DEFAULT_LIFETIME, MOST_TOKENS, TokenRecord, token_message
from svc_social.api_tokens.store import TokenStore
from svc_social.fields import clean_line
from vidmesh.common.v1.error_reason_pb2 import ErrorReason
from vidmesh.social.v1 import credentials_pb2 as pb

LIST_TOKENS: Final = "/vidmesh.social.v1.AccountService/ListApiTokens"
PAGE: Final = 50
MOST_PAGE: Final = 200


class OwnTokens:
    """The API tokens of whoever asks."""

    def __init__(
        self,
        tokens: TokenStore,
        sign_ins: SignIns,
        ended: EndedStore,
        endings: Endings,
        signer: AccessTokenSigner,
        page_tokens: PageTokens,
        now: Callable[[], datetime],
    ) -> None:
        self._tokens = tokens
        self._sign_ins = sign_ins
        self._ended = ended
        self._endings = endings
        self._signer = signer
        self._page_tokens = page_tokens
        self._now = now

    async def create(self, user: Principal, request: pb.CreateApiTokenRequest) -> pb.CreateApiTokenResponse:
        """A new one with its secret. Raises TOO_MANY_CREDENTIALS, INVALID_FIELD, INVALID_TOKEN for a sign-in that has
        ended.
        """
        name = clean_line("api_token.name", request.api_token.name)
        if not name:
            raise invalid_field("api_token.name", "It must not be empty.")
        lifetime = request.lifetime.ToTimedelta() if request.HasField("lifetime") else DEFAULT_LIFETIME
        account = await self._sign_ins.account_of(user)
        now = self._now()
        principal = Principal(user.account_id, uuid7(), account.role, frozenset(request.api_token.scopes))
        access = self._signer.mint(principal, now, lifetime)
        token = TokenRecord(
            token_id=principal.session_id,
            account_id=user.account_id,
            name=name,
            scopes=frozenset(request.api_token.scopes),
            epoch=account.sessions_epoch,
            create_time=now,
            expire_time=access.expire_time,
        )
        if not await self._tokens.insert(token):
            raise exhausted(
                ErrorReason.ERROR_REASON_TOO_MANY_CREDENTIALS,
                f"An account has at most {MOST_TOKENS} API tokens. Delete some.",
                limit=MOST_TOKENS,
            )
        try:
            # Once more, now that it is written: who ends this sign-in from now on sees the token.
            await self._sign_ins.account_of(user)
        except Fault:
            await self._endings.token(token)
            raise
        return pb.CreateApiTokenResponse(api_token=token_message(token), secret=access.token)

    async def list(self, user: Principal, request: pb.ListApiTokensRequest) -> pb.ListApiTokensResponse:
        """A page of them. Raises INVALID_PAGE_TOKEN."""
        cursor = self._page_tokens.open(LIST_TOKENS, request, request.page_token)
        limit = self._page_tokens.page_size(request.page_size, PAGE, MOST_PAGE)
        tokens, following = await self._tokens.page(user.account_id, limit, cursor)
        return pb.ListApiTokensResponse(
            api_tokens=[token_message(token) for token in tokens],
            next_page_token=self._page_tokens.seal(LIST_TOKENS, request, following),
        )

    async def delete(self, user: Principal, token_id: str) -> None:
        """Delete one. Raises API_TOKEN_NOT_FOUND, but not where it was deleted before."""
        token = await self._tokens.get(user.account_id, token_id)
        if token is not None:
            await self._endings.token(token)
        elif not await self._ended.ended_of(user.account_id, token_id):
            raise not_found(
                ErrorReason.ERROR_REASON_API_TOKEN_NOT_FOUND, "There is no such API token of yours.", token_id=token_id
            )
