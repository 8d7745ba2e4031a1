"""AccountService: from RPCs to the rules and stores of accounts."""

# ruff: noqa: N802, ARG002 (names and parameters are the contract's)

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import datetime

from mesh.call import current_call
from mesh.contention import attempts
from mesh.errors import contention, invalid
from mesh.keyring import Keys
from mesh.tables import InvalidCursor
from svc_social.accounts.admission import Admission
from svc_social.accounts.browser_tokens import BrowserTokens, Context, user_agent
from svc_social.accounts.devices import short_form
from svc_social.accounts.domain import ME, account_message, account_missing, sees_private, updated
from svc_social.accounts.first_channel import first_channel_of
from svc_social.accounts.own_sessions import OwnSessions
from svc_social.accounts.password_changes import PasswordChanges
from svc_social.accounts.sign_ins import SignIns
from svc_social.accounts.signing_in import PasswordCheck
from svc_social.accounts.signing_up import SignUps
from svc_social.accounts.store import AccountStore
from svc_social.api_tokens.owning import OwnTokens
from svc_social.channels.domain import channel_message
from svc_social.channels.store import ChannelStore
from svc_social.fields import clean_line
from svc_social.guessing.guard import Guard
from svc_social.invites.inviting import Inviting
from svc_social.video_counts.store import VideoCounts
from vidmesh.common.v1.error_reason_pb2 import ErrorReason
from vidmesh.social.v1 import account_service_pb2 as pb
from vidmesh.social.v1 import credentials_pb2 as credentials
from vidmesh.social.v1.account_pb2 import Tokens
from vidmesh.social.v1.account_service_pb2_grpc import AccountServiceServicer


@dataclass(frozen=True, slots=True)
class Parts:
    """What the methods go to."""

    accounts: AccountStore
    channels: ChannelStore
    video_counts: VideoCounts
    guard: Guard
    admission: Admission
    sign_ups: SignUps
    password_check: PasswordCheck
    sign_ins: SignIns
    browser: BrowserTokens
    passwords: PasswordChanges
    sessions: OwnSessions
    tokens: OwnTokens
    invites: Inviting
    keys: Keys
    now: Callable[[], datetime]


class AccountService(AccountServiceServicer):
    """The protos say what each method does."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    async def SignUp(self, request: pb.SignUpRequest, context: Context) -> pb.SignUpResponse:
        """Makes an account with its first channel, and signs it in."""
        parts = self._parts
        if request.cookies:
            parts.browser.check_asked(context)
        device_name = _device_name(request.device_name, context)
        account = await parts.sign_ups.run(request)
        await parts.guard.remember(current_call().address, account.email)
        first = first_channel_of(account)
        await parts.channels.ensure(first)
        channel = await parts.channels.get(account.first_channel_id) or first
        [video_count] = await parts.video_counts.of([channel.channel_id])
        tokens = await parts.sign_ins.begin(account, device_name)
        return pb.SignUpResponse(
            account=account_message(account, private=True),
            channel=channel_message(channel, video_count),
            tokens=await self._given(tokens, context, cookies=request.cookies),
        )

    async def SignIn(self, request: pb.SignInRequest, context: Context) -> pb.SignInResponse:
        """Signs in by e-mail and password."""
        parts = self._parts
        if request.cookies:
            parts.browser.check_asked(context)
        device_name = _device_name(request.device_name, context)
        account = await parts.password_check.run(request.email, request.password, current_call().address)
        tokens = await parts.sign_ins.begin(account, device_name)
        return pb.SignInResponse(
            account=account_message(account, private=True),
            tokens=await self._given(tokens, context, cookies=request.cookies),
        )

    async def Refresh(self, request: pb.RefreshRequest, context: Context) -> pb.RefreshResponse:
        """Exchanges a refresh token for a new pair of tokens."""
        parts = self._parts
        cookie = "" if request.refresh_token else parts.browser.refresh_token(context)
        tokens = await parts.sign_ins.refresh(request.refresh_token or cookie)
        return pb.RefreshResponse(tokens=await self._given(tokens, context, cookies=bool(cookie)))

    async def SignOut(self, request: pb.SignOutRequest, context: Context) -> pb.SignOutResponse:
        """Ends the session that the refresh token belongs to."""
        parts = self._parts
        if request.refresh_token:
            await parts.sign_ins.end(request.refresh_token)
        else:
            parts.browser.check_header(context, "refresh_token")
            await parts.sign_ins.end(parts.browser.refresh_token(context))
            await parts.browser.take_away(context)
        return pb.SignOutResponse()

    async def GetAccount(self, request: pb.GetAccountRequest, context: Context) -> pb.GetAccountResponse:
        """Reads an account."""
        caller = current_call().caller
        account_id = caller.account_id if request.account_id == ME else request.account_id
        account = await self._parts.accounts.get(account_id)
        if account is None:
            raise account_missing(account_id)
        return pb.GetAccountResponse(account=account_message(account, private=sees_private(caller, account.account_id)))

    async def UpdateAccount(self, request: pb.UpdateAccountRequest, context: Context) -> pb.UpdateAccountResponse:
        """Changes the caller's own account."""
        account_id = current_call().caller.account_id
        async for _ in attempts():
            account = await self._parts.accounts.get(account_id)
            if account is None:
                raise account_missing(account_id)
            after = updated(account, request)
            if after is account or await self._parts.accounts.update(account, after):
                return pb.UpdateAccountResponse(account=account_message(after, private=True))
        raise contention()

    async def GetJwks(self, request: pb.GetJwksRequest, context: Context) -> pb.GetJwksResponse:
        """The public keys that access tokens are signed with."""
        return pb.GetJwksResponse(keys=[pb.JsonWebKey(**jwk) for jwk in self._parts.keys.public_jwks()])

    async def ChangePassword(
        self, request: credentials.ChangePasswordRequest, context: Context
    ) -> credentials.ChangePasswordResponse:
        """Changes the caller's password, and ends every other sign-in."""
        await self._parts.passwords.change(current_call(), current_call().caller.signed_in, request)
        return credentials.ChangePasswordResponse()

    async def CreatePasswordReset(
        self, request: credentials.CreatePasswordResetRequest, context: Context
    ) -> credentials.CreatePasswordResetResponse:
        """Makes a code for a new password."""
        return await self._parts.passwords.open_reset(request.account_id)

    async def ResetPassword(
        self, request: credentials.ResetPasswordRequest, context: Context
    ) -> credentials.ResetPasswordResponse:
        """Chooses a new password by a code."""
        await self._parts.passwords.reset(current_call(), request)
        return credentials.ResetPasswordResponse()

    async def ListSessions(
        self, request: credentials.ListSessionsRequest, context: Context
    ) -> credentials.ListSessionsResponse:
        """The caller's sign-ins."""
        return await self._parts.sessions.list(current_call().caller.signed_in, request)

    async def EndSession(
        self, request: credentials.EndSessionRequest, context: Context
    ) -> credentials.EndSessionResponse:
        """Ends one of the caller's sign-ins."""
        user = current_call().caller.signed_in
        await self._parts.sessions.end(user, request.session_id)
        if request.session_id == user.session_id:
            await self._parts.browser.take_away(context)
        return credentials.EndSessionResponse()

    async def SignOutEverywhere(
        self, request: credentials.SignOutEverywhereRequest, context: Context
    ) -> credentials.SignOutEverywhereResponse:
        """Ends all of the caller's sign-ins."""
        await self._parts.sessions.end_all(
            current_call().caller.signed_in,
            keep_current=request.keep_current,
            delete_api_tokens=request.delete_api_tokens,
        )
        if not request.keep_current:
            await self._parts.browser.take_away(context)
        return credentials.SignOutEverywhereResponse()

    async def CreateApiToken(
        self, request: credentials.CreateApiTokenRequest, context: Context
    ) -> credentials.CreateApiTokenResponse:
        """Makes a personal API token."""
        return await self._parts.tokens.create(current_call().caller.signed_in, request)

    async def ListApiTokens(
        self, request: credentials.ListApiTokensRequest, context: Context
    ) -> credentials.ListApiTokensResponse:
        """The caller's API tokens."""
        return await self._parts.tokens.list(current_call().caller.signed_in, request)

    async def DeleteApiToken(
        self, request: credentials.DeleteApiTokenRequest, context: Context
    ) -> credentials.DeleteApiTokenResponse:
        """Deletes an API token of the caller's."""
        await self._parts.tokens.delete(current_call().caller.signed_in, request.token_id)
        return credentials.DeleteApiTokenResponse()

    async def GetRegistration(self, request: pb.GetRegistrationRequest, context: Context) -> pb.GetRegistrationResponse:
        """Who may make an account here."""
        return await self._parts.admission.registration()

    async def CreateInvite(self, request: pb.CreateInviteRequest, context: Context) -> pb.CreateInviteResponse:
        """Makes an invitation."""
        return await self._parts.invites.create(request)

    async def ListInvites(self, request: pb.ListInvitesRequest, context: Context) -> pb.ListInvitesResponse:
        """The open invitations."""
        return await self._parts.invites.list(request)

    async def DeleteInvite(self, request: pb.DeleteInviteRequest, context: Context) -> pb.DeleteInviteResponse:
        """Takes an invitation back."""
        return await self._parts.invites.delete(request)

    async def ListEndedSessions(
        self, request: pb.ListEndedSessionsRequest, context: Context
    ) -> pb.ListEndedSessionsResponse:
        """What edges refuse."""
        return await self._parts.sessions.list_ended(request)

    async def ExportAccounts(
        self, request: pb.ExportAccountsRequest, context: Context
    ) -> AsyncIterator[pb.ExportAccountsResponse]:
        """Every account, for rebuilds."""
        cursor: bytes | None = request.cursor or None
        while True:
            try:
                accounts, following = await self._parts.accounts.export(cursor)
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

    async def _given(self, tokens: Tokens, context: Context, *, cookies: bool) -> Tokens:
        return await self._parts.browser.give(tokens, context, self._parts.now()) if cookies else tokens


def _device_name(named: str, context: Context) -> str:
    return clean_line("device_name", named) or short_form(user_agent(context))
