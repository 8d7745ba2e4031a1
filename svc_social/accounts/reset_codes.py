"""Codes by which somebody who forgot the password chooses a new one. Pure, but for the random bits."""

from __future__ import annotations

import hmac
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from mesh.sealing import Sealer
from svc_social.accounts.domain import AccountRecord, without_sessions
from svc_social.accounts.sealed_secrets import SealedSecret, new_secret, read_secret

LIFETIME: Final = timedelta(days=1)
"""Part of the contract of CreatePasswordReset."""
PURPOSE: Final = "password_reset"


def new_reset_code(sealer: Sealer, account_id: str) -> SealedSecret:
    """A fresh code, to be handed over."""
    return new_secret(sealer, PURPOSE, account_id)


def read_reset_code(sealer: Sealer, text: str) -> SealedSecret | None:
    """The code that somebody sent; None where it was never given out by this installation."""
    return read_secret(sealer, PURPOSE, text)


def is_open(account: AccountRecord, code: SealedSecret, now: datetime) -> bool:
    """Whether this code, and no later one, may be used for the account."""
    expires = account.reset_expire_time
    return expires is not None and now < expires and hmac.compare_digest(account.reset_hash, code.hash)


def with_code(account: AccountRecord, code: SealedSecret, expires: datetime) -> AccountRecord:
    """The account with this code; one from before is worthless."""
    return replace(account, reset_hash=code.hash, reset_expire_time=expires)


def with_password(account: AccountRecord, password_hash: str, keep: str = "") -> AccountRecord:
    """The account with another password: every sign-in but the one to keep has ended, and no code is open."""
    ended = without_sessions(account, keep)
    return replace(ended, password_hash=password_hash, reset_hash=b"", reset_expire_time=None)
