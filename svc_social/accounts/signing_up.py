"""Sign-up: names are claimed, then the account's row decides. `claims/domain.py` says why this is safe."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Final

from mesh.errors import Fault, already_exists, contention
from mesh.ids import derived_uuid
from svc_social.accounts.admission import Admission
from svc_social.accounts.domain import AccountRecord
from svc_social.accounts.passwords import Passwords
from svc_social.accounts.store import AccountStore
from svc_social.claims.domain import (
    FIRST_ADMINISTRATOR,
    Buried,
    Claim,
    Owner,
    OwnerKind,
    email_claim,
    handle_claim,
)
from svc_social.claims.store import Claims
from svc_social.fields import clean_line, content_digest
from svc_social.invites.domain import Way
from svc_social.repeats import find_slot, request_id_reused
from vidmesh.common.v1.error_reason_pb2 import ErrorReason
from vidmesh.social.v1.account_pb2 import Role
from vidmesh.social.v1.account_service_pb2 import SignUpRequest

METHOD: Final = "/vidmesh.social.v1.AccountService/SignUp"
FIRST_CHANNEL: Final = "first channel"


class SignUps:
    """Makes accounts. `key` derives ids from request ids."""

    def __init__(
        self,
        accounts: AccountStore,
        claims: Claims,
        admission: Admission,
        passwords: Passwords,
        key: bytes,
        now: Callable[[], datetime],
    ) -> None:
        self._accounts = accounts
        self._claims = claims
        self._admission = admission
        self._passwords = passwords
        self._key = key
        self._now = now

    async def run(self, request: SignUpRequest) -> AccountRecord:
        """The account that this request makes, or made the first time. Its first channel may not be there yet.

        Raises EMAIL_TAKEN, HANDLE_TAKEN, REGISTRATION_CLOSED, INVALID_INVITE, TOO_MANY_ATTEMPTS, REQUEST_ID_REUSED,
        CONTENTION, OVERLOADED, INVALID_FIELD.
        """
        slot = await find_slot(self._accounts.look, self._key, "", METHOD, request.request_id)
        if slot.earlier is not None:
            return await self._repeated(slot.earlier, request)
        way = await self._admission.judge(request.invite_code)
        account = await self._account(slot.id, request)
        owner = Owner(OwnerKind.ACCOUNT, account.account_id)
        try:
            await self._take_names(account, owner)
            account = await self._let_in(account, owner, way, request.invite_code)
        except Fault:
            if winner := await self._give_up(account, owner, request.invite_code):
                return await self._repeated(winner, request)
            raise
        if await self._accounts.insert(account):
            return account
        # The same request is answered elsewhere at this moment, or took so long that somebody buried it.
        if winner := await self._give_up(account, owner, request.invite_code):
            return await self._repeated(winner, request)
        raise contention()

    async def _account(self, account_id: str, request: SignUpRequest) -> AccountRecord:
        username = handle_claim(request.handle).name
        display_name = clean_line("display_name", request.display_name) or username
        return AccountRecord(
            account_id=account_id,
            username=username,
            display_name=display_name,
            email=email_claim(request.email).name,
            password_hash=await self._passwords.hash(request.password),
            role=Role.ROLE_MEMBER,
            first_channel_id=derived_uuid(self._key, account_id, METHOD, FIRST_CHANNEL),
            request_digest=_digest(request),
            create_time=self._now(),
        )

    async def _take_names(self, account: AccountRecord, owner: Owner) -> None:
        if not await self._claims.take(email_claim(account.email), owner):
            raise already_exists(
                ErrorReason.ERROR_REASON_EMAIL_TAKEN, "An account with this e-mail address exists. Sign in instead."
            )
        if not await self._claims.take(handle_claim(account.username), owner, account.first_channel_id):
            raise already_exists(
                ErrorReason.ERROR_REASON_HANDLE_TAKEN, "This handle belongs to somebody else. Choose another."
            )

    async def _let_in(self, account: AccountRecord, owner: Owner, way: Way, code: str) -> AccountRecord:
        """The account with the role that it begins with, and a use of its invitation taken.

        The administrator's place is tried for by nobody else than who came in as the first.
        """
        if way is Way.FIRST:
            if await self._claims.take(FIRST_ADMINISTRATOR, owner):
                return replace(account, role=Role.ROLE_ADMINISTRATOR)
            way = self._admission.second(code)
        if way is Way.INVITED:
            await self._admission.take(code, account.account_id)
        return account

    async def _give_up(self, account: AccountRecord, owner: Owner, code: str) -> AccountRecord | None:
        """Let go of the names and the invitation for good; unless the account has come to exist after all, which is
        then given.
        """
        await self._accounts.bury(account.account_id)
        found = await self._accounts.look(account.account_id)
        if not isinstance(found, Buried):
            return found
        names: tuple[Claim, ...] = (email_claim(account.email), handle_claim(account.username), FIRST_ADMINISTRATOR)
        for claim in names:
            await self._claims.release(claim, owner)
        await self._admission.give_back(code, account.account_id)
        return None

    async def _repeated(self, earlier: AccountRecord, request: SignUpRequest) -> AccountRecord:
        # A stranger may guess a request_id, so what it made is only given to who knows the password.
        same = earlier.request_digest == _digest(request)
        if same and await self._passwords.matches(earlier.password_hash, request.password):
            return earlier
        raise request_id_reused()


def _digest(request: SignUpRequest) -> bytes:
    settled = SignUpRequest()
    settled.CopyFrom(request)
    settled.email = email_claim(request.email).name
    settled.handle = handle_claim(request.handle).name
    return content_digest(settled, "password", "invite_code", "device_name", "cookies")
