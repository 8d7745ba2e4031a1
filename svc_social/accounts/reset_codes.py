"""Codes by which somebody who forgot the password chooses a new one. Pure, but for the random bits."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import uuid
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from mesh.sealing import Sealer
from svc_social.accounts.domain import AccountRecord, without_sessions

LIFETIME: Final = timedelta(days=1)
"""Part of the contract of CreatePasswordReset."""
SECRET_BYTES: Final = 32
PURPOSE: Final = "password_reset"
_UUID_BYTES: Final = 16


@dataclass(frozen=True, slots=True)
class ResetCode:
    """A code, read: whose it is, and what of it is stored."""

    account_id: str
    hash: bytes


def new_reset_code(sealer: Sealer, account_id: str) -> tuple[str, ResetCode]:
    """The text to hand over: 256 random bits behind the account's id, sealed, so that an invented one is known as such
    without a look into the tables."""
    payload = uuid.UUID(account_id).bytes + secrets.token_bytes(SECRET_BYTES)
    return sealer.seal(PURPOSE, payload), ResetCode(account_id, _hash(payload))


def read_reset_code(sealer: Sealer, text: str) -> ResetCode | None:
    """The code that somebody sent; None where it was never given out by this installation."""
    payload = sealer.open(PURPOSE, text)
    if payload is None or len(payload) != _UUID_BYTES + SECRET_BYTES:
        return None
    return ResetCode(str(uuid.UUID(bytes=payload[:_UUID_BYTES])), _hash(payload))


def is_open(account: AccountRecord, code: ResetCode, now: datetime) -> bool:
    """Whether this code, and no later one, may be used for the account."""
    expires = account.reset_expire_time
    return expires is not None and now < expires and hmac.compare_digest(account.reset_hash, code.hash)


def with_code(account: AccountRecord, code: ResetCode, expires: datetime) -> AccountRecord:
    """The account with this code; one from before is worthless."""
    return replace(account, reset_hash=code.hash, reset_expire_time=expires)


def with_password(account: AccountRecord, password_hash: str, keep: str = "") -> AccountRecord:
    """The account with another password: every sign-in but the one to keep has ended, and no code is open."""
    ended = without_sessions(account, keep)
    return replace(ended, password_hash=password_hash, reset_hash=b"", reset_expire_time=None)


def _hash(payload: bytes) -> bytes:
    return hashlib.sha256(payload).digest()
