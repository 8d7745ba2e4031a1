"""New passwords: chosen by who knows the old one, or by who holds a code.

Sign-ins and API tokens that end with the old password are ended before the change as well as after it. Before, so that
a process that dies right after the change has left none; after, for those that began meanwhile.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from mesh.call import Call, Principal
from mesh.contention import attempts
from mesh.errors import Fault, contention, permission_denied
from mesh.sealing import Sealer
from svc_social.accounts.domain import AccountRecord, account_missing
from svc_social.accounts.endings import Endings
from svc_social.accounts.passwords import Passwords
from svc_social.accounts.reset_codes import LIFETIME, is_open, new_reset_code, read_reset_code, with_code, with_password
from svc_social.accounts.sign_ins import SignIns
from svc_social.accounts.store import AccountStore
from svc_social.guessing.guard import Guard
from vidmesh.common.v1.error_reason_pb2 import ErrorReason
from vidmesh.social.v1 import credentials_pb2 as pb


class PasswordChanges:
    """Changes passwords."""

    def __init__(
        self,
        accounts: AccountStore,
        passwords: Passwords,
        guard: Guard,
        sign_ins: SignIns,
        endings: Endings,
        sealer: Sealer,
        now: Callable[[], datetime],
    ) -> None:
        self._accounts = accounts
        self._passwords = passwords
        self._guard = guard
        self._sign_ins = sign_ins
        self._endings = endings
        self._sealer = sealer
        self._now = now

    async def change(self, call: Call, user: Principal, request: pb.ChangePasswordRequest) -> None:
        """By the old one; the sign-in that asks goes on.

        Raises WRONG_PASSWORD, TOO_MANY_ATTEMPTS, INVALID_TOKEN for a sign-in that has ended, CONTENTION, OVERLOADED.
        """
        account = await self._sign_ins.account_of(user)
        attempt = await self._guard.attempt(call.address, account.email)
        try:
            right = await self._passwords.matches(account.password_hash, request.current_password)
        except Fault:
            await attempt.withdraw()
            raise
        if not right:
            raise permission_denied(
                "The current password is not the one given.", ErrorReason.ERROR_REASON_WRONG_PASSWORD
            )
        await attempt.succeeded()
        password_hash = await self._passwords.hash(request.new_password)
        after = with_password(account, password_hash, user.session_id)
        if not await self._settle(account, after, tokens=request.delete_api_tokens):
            raise contention()

    async def open_reset(self, account_id: str) -> pb.CreatePasswordResetResponse:
        """A code for somebody who forgot the password. Raises ACCOUNT_NOT_FOUND, CONTENTION."""
        code = new_reset_code(self._sealer, account_id)
        expires = self._now() + LIFETIME
        async for _ in attempts():
            account = await self._accounts.get(account_id)
            if account is None:
                raise account_missing(account_id)
            if await self._accounts.replace_credentials(account, with_code(account, code, expires)):
                answer = pb.CreatePasswordResetResponse(reset_code=code.text)
                answer.expire_time.FromDatetime(expires)
                return answer
        raise contention()

    async def reset(self, call: Call, request: pb.ResetPasswordRequest) -> None:
        """By a code; nothing of the account goes on. Raises INVALID_RESET_CODE, TOO_MANY_ATTEMPTS, OVERLOADED."""
        attempt = await self._guard.attempt(call.address)
        code = read_reset_code(self._sealer, request.reset_code)
        account = None if code is None else await self._accounts.get(code.owner_id)
        if code is None or account is None or not is_open(account, code, self._now()):
            raise _refusal()
        await attempt.succeeded()
        password_hash = await self._passwords.hash(request.new_password)
        async for _ in attempts():
            # Used once: the change asks that the code is still the one that was read.
            if await self._settle(account, with_password(account, password_hash), tokens=True):
                await self._guard.remember(call.address, account.email)
                return
            account = await self._accounts.get(account.account_id)
            if account is None or not is_open(account, code, self._now()):
                raise _refusal()
        raise contention()

    async def _settle(self, before: AccountRecord, after: AccountRecord, *, tokens: bool) -> bool:
        await self._end(after, tokens=tokens)
        if not await self._accounts.replace_credentials(before, after):
            return False
        await self._end(after, tokens=tokens)
        await self._endings.tell(after.account_id)
        return True

    async def _end(self, after: AccountRecord, *, tokens: bool) -> None:
        if tokens:
            await self._endings.tokens(after)
        await self._endings.sessions(after)


def _refusal() -> Fault:
    return permission_denied(
        "The code is unknown, used or expired. Ask an administrator for another.",
        ErrorReason.ERROR_REASON_INVALID_RESET_CODE,
    )
