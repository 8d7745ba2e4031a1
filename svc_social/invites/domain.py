"""What an invitation is, its code, and who may make an account. Pure."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from typing import Final, Literal

from mesh.errors import Fault, permission_denied
from vidmesh.common.v1.error_reason_pb2 import ErrorReason
from vidmesh.social.v1 import account_pb2

MOST_OPEN: Final = 1000
"""Invitations of an installation that may be open at once."""
DEFAULT_LIFETIME: Final = timedelta(days=7)
SECRET_BYTES: Final = 16
_UUID_BYTES: Final = 16

Registration = Literal["open", "invite", "closed"]


@dataclass(frozen=True, slots=True)
class InviteRecord:
    """An invitation as it is stored."""

    invite_id: str
    code_hash: bytes
    note: str
    max_uses: int
    create_time: datetime
    expire_time: datetime
    uses: int = 0

    def __repr__(self) -> str:
        """The id alone: the note may name people."""
        return f"InviteRecord({self.invite_id})"


@dataclass(frozen=True, slots=True)
class Code:
    """The code of an invitation, read."""

    invite_id: str
    hash: bytes


class Way(Enum):
    """How somebody gets in."""

    FIRST = "there is no account yet"
    OPEN = "everybody may"
    INVITED = "by an invitation, if the code is one"


def new_code(invite_id: str) -> tuple[str, Code]:
    """The text to hand over, and what of it is stored: 128 random bits behind the invitation's id."""
    payload = uuid.UUID(invite_id).bytes + secrets.token_bytes(SECRET_BYTES)
    return base64.urlsafe_b64encode(payload).rstrip(b"=").decode(), Code(invite_id, _hash(payload))


def read_code(text: str) -> Code | None:
    """The code that somebody sent; None for what cannot be one."""
    try:
        payload = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return None
    if len(payload) != _UUID_BYTES + SECRET_BYTES:
        return None
    return Code(str(uuid.UUID(bytes=payload[:_UUID_BYTES])), _hash(payload))


def is_good(invite: InviteRecord | None, code: Code, now: datetime) -> bool:
    """Whether the code is this invitation's, and it has not expired."""
    return invite is not None and now < invite.expire_time and hmac.compare_digest(invite.code_hash, code.hash)


def way_in(registration: Registration, code: str, setup_code: str, *, first: bool) -> Way:
    """How a sign-up with this code gets in. Raises REGISTRATION_CLOSED, INVALID_INVITE."""
    if first:
        # Compared as bytes: compare_digest takes no text beyond ASCII.
        if setup_code and not hmac.compare_digest(code.encode(), setup_code.encode()):
            raise invalid_invite("The first account needs the set-up code that was shown when vidmesh was started.")
        return Way.FIRST
    match registration:
        case "open":
            return Way.OPEN
        case "invite":
            return Way.INVITED
        case "closed":
            raise permission_denied(
                "This installation takes no new accounts.",
                ErrorReason.ERROR_REASON_REGISTRATION_CLOSED,
                registration=registration,
            )


def invalid_invite(sentence: str = "") -> Fault:
    """PERMISSION_DENIED, INVALID_INVITE: the same for codes that are unknown, used up and expired."""
    return permission_denied(
        sentence or "An invitation is needed, and this code is not good or not good any more.",
        ErrorReason.ERROR_REASON_INVALID_INVITE,
    )


def registration_message(registration: Registration) -> account_pb2.Registration.ValueType:
    """The setting as the contract has it."""
    return account_pb2.Registration.Value(f"REGISTRATION_{registration.upper()}")


def invite_message(invite: InviteRecord) -> account_pb2.Invite:
    """The invitation as it is listed."""
    message = account_pb2.Invite(
        invite_id=invite.invite_id, note=invite.note, max_uses=invite.max_uses, uses=invite.uses
    )
    message.create_time.FromDatetime(invite.create_time)
    message.expire_time.FromDatetime(invite.expire_time)
    return message


def _hash(payload: bytes) -> bytes:
    return hashlib.sha256(payload).digest()
