"""AccountService: from RPCs to the rules and stores of accounts."""

# ruff: noqa: N802, ARG002 (names and parameters are the contract's)

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence

from mesh.call import current_call
from mesh.contention import attempts
from mesh.errors import Fault, contention, invalid, not_found, unauthenticated
from mesh.tables import InvalidCursor
from svc_social.accounts.domain import ME, AccountRecord, account_message, sees_private, updated
from svc_social.accounts.first_channel import first_channel_of
from svc_social.accounts.passwords import Passwords
from svc_social.accounts.sign_ins import SignIns
from svc_social.accounts.signing_up import SignUps
from svc_social.accounts.store import AccountStore
from svc_social.channels.domain import channel_message
from svc_social.channels.store import ChannelStore
from svc_social.claims.domain import email_claim
from svc_social.claims.store import Claims
from svc_social.fields import clean_line
from vidmesh.common.v1.error_reason_pb2 import ErrorReason
from vidmesh.social.v1 import account_service_pb2 as pb
from vidmesh.social.v1.account_service_pb2_grpc import AccountServiceServicer


class AccountService(AccountServiceServicer):
    """The protos say what each method does."""

    def __init__(
        self,
        accounts: AccountStore,
        channels: ChannelStore,
        claims: Claims,
        passwords: Passwords,
        sign_ups: SignUps,
        sign_ins: SignIns,
        keys: Sequence[pb.JsonWebKey],
    ) -> None:
        self._accounts = accounts
        self._channels = channels
        self._claims = claims
        self._passwords = passwords
        self._sign_ups = sign_ups
        self._sign_ins = sign_ins
        self._jwks = pb.GetJwksResponse(keys=keys)

    async def SignUp(self, request: pb.SignUpRequest, context: object) -> pb.SignUpResponse:
        """Makes an account with its first channel, and signs it in."""
        account = await self._sign_ups.run(request)
        first = first_channel_of(account)
        await self._channels.ensure(first)
        channel = await self._channels.get(account.first_channel_id) or first
        return pb.SignUpResponse(
            account=account_message(account, private=True),
            channel=channel_message(channel),
            tokens=await self._sign_ins.begin(account, ""),
        )

    async def SignIn(self, request: pb.SignInRequest, context: object) -> pb.SignInResponse:
        """Signs in by e-mail and password."""
        account = await self._by_email(request.email)
        kept = None if account is None else account.password_hash
        if not await self._passwords.matches(kept, request.password) or account is None:
            raise unauthenticated(
                ErrorReason.ERROR_REASON_WRONG_CREDENTIALS, "The e-mail address or the password is wrong."
            )
        if self._passwords.is_outdated(account.password_hash):
            await self._accounts.replace_hash(account, await self._passwords.hash(request.password))
        device_name = clean_line("device_name", request.device_name)
        return pb.SignInResponse(
            account=account_message(account, private=True), tokens=await self._sign_ins.begin(account, device_name)
        )

    async def Refresh(self, request: pb.RefreshRequest, context: object) -> pb.RefreshResponse:
        """Exchanges a refresh token for a new pair of tokens."""
        return pb.RefreshResponse(tokens=await self._sign_ins.refresh(request.refresh_token))

    async def SignOut(self, request: pb.SignOutRequest, context: object) -> pb.SignOutResponse:
        """Ends the session that the refresh token belongs to."""
        await self._sign_ins.end(request.refresh_token)
        return pb.SignOutResponse()

    async def GetAccount(self, request: pb.GetAccountRequest, context: object) -> pb.GetAccountResponse:
        """Reads an account."""
        caller = current_call().caller
        account_id = caller.account_id if request.account_id == ME else request.account_id
        account = await self._accounts.get(account_id)
        if account is None:
            raise _no_account(account_id)
        return pb.GetAccountResponse(account=account_message(account, private=sees_private(caller, account.account_id)))

    async def UpdateAccount(self, request: pb.UpdateAccountRequest, context: object) -> pb.UpdateAccountResponse:
        """Changes the caller's own account."""
        account_id = current_call().caller.account_id
        async for _ in attempts():
            account = await self._accounts.get(account_id)
            if account is None:
                raise _no_account(account_id)
            after = updated(account, request)
            if after is account or await self._accounts.update(account, after):
                return pb.UpdateAccountResponse(account=account_message(after, private=True))
        raise contention()

    async def GetJwks(self, request: pb.GetJwksRequest, context: object) -> pb.GetJwksResponse:
        """The public keys that access tokens are signed with."""
        return self._jwks

    async def ExportAccounts(
        self, request: pb.ExportAccountsRequest, context: object
    ) -> AsyncIterator[pb.ExportAccountsResponse]:
        """Every account, for rebuilds."""
        cursor: bytes | None = request.cursor or None
        while True:
            try:
                accounts, following = await self._accounts.export(cursor)
            except InvalidCursor:
                raise invalid(
                    ErrorReason.ERROR_REASON_INVALID_CURSOR, "The cursor is not from this stream. Begin without one."
                ) from None
            for account in accounts:
                # The cursor in front of the page: the rest of it comes again, and nothing is left out.
                yield pb.ExportAccountsResponse(account=account_message(account, private=True), cursor=cursor or b"")
            if following is None:
                return
            cursor = following

    async def _by_email(self, email: str) -> AccountRecord | None:
        claim = email_claim(email)
        claimed = await self._claims.find(claim)
        account = None if claimed is None else await self._accounts.get(claimed.owner.id)
        return account if account is not None and account.email == claim.name else None


def _no_account(account_id: str) -> Fault:
    return not_found(ErrorReason.ERROR_REASON_ACCOUNT_NOT_FOUND, "There is no such account.", account_id=account_id)
