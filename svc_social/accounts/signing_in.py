"""Sign-in by e-mail and password, with limits on guessing."""

from __future__ import annotations

from mesh.errors import Fault, unauthenticated
from svc_social.accounts.domain import AccountRecord
from svc_social.accounts.passwords import Passwords
from svc_social.accounts.store import AccountStore
from svc_social.claims.domain import email_claim
from svc_social.claims.store import Claims
from svc_social.guessing.guard import Guard
from vidmesh.common.v1.error_reason_pb2 import ErrorReason


class PasswordCheck:
    """Finds out whose e-mail address and password these are."""

    def __init__(self, accounts: AccountStore, claims: Claims, passwords: Passwords, guard: Guard) -> None:
        self._accounts = accounts
        self._claims = claims
        self._passwords = passwords
        self._guard = guard

    async def run(self, email: str, password: str, address: str) -> AccountRecord:
        """The account. Addresses without an account are treated as those with one, in time and in limits.

        Raises WRONG_CREDENTIALS, TOO_MANY_ATTEMPTS, OVERLOADED.
        """
        claim = email_claim(email)
        attempt = await self._guard.attempt(address, claim.name)
        try:
            account = await self._by_email(email)
            kept = None if account is None else account.password_hash
            right = await self._passwords.matches(kept, password)
        except Fault:
            await attempt.withdraw()
            raise
        if not right or account is None:
            raise unauthenticated(
                ErrorReason.ERROR_REASON_WRONG_CREDENTIALS, "The e-mail address or the password is wrong."
            )
        await attempt.succeeded()
        if self._passwords.is_outdated(account.password_hash):
            await self._accounts.replace_hash(account, await self._passwords.hash(password))
        return account

    async def _by_email(self, email: str) -> AccountRecord | None:
        claim = email_claim(email)
        claimed = await self._claims.find(claim)
        account = None if claimed is None else await self._accounts.get(claimed.owner.id)
        return account if account is not None and account.email == claim.name else None
