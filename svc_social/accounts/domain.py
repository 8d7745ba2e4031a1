"""Rules of accounts: what one is, who sees what of it, what may change. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from mesh.call import Caller
from mesh.errors import Fault, not_found
from svc_social.claims.domain import Claim, ClaimKind
from svc_social.fields import check_etag, chosen_fields, clean_line, clean_url, etag_of
from vidmesh.common.v1.error_reason_pb2 import ErrorReason
from vidmesh.social.v1.account_pb2 import Account, Role
from vidmesh.social.v1.account_service_pb2 import UpdateAccountRequest

ME: Final = "me"
CHANGEABLE: Final = ("display_name", "avatar_url")


@dataclass(frozen=True, slots=True)
class AccountRecord:
    """An account as it is stored."""

    account_id: str
    username: str
    display_name: str
    email: str
    """In normal form (`claims.domain.normal_email`)."""
    password_hash: str
    """argon2id, in the PHC string form with its parameters."""
    role: Role.ValueType
    first_channel_id: str
    request_digest: bytes
    """Of the SignUp that made it, without the password: the hash vouches for that."""
    create_time: datetime
    avatar_url: str = ""
    verified: bool = False
    generation: int = 1
    sessions_epoch: int = 0
    """How often all sign-ins were ended: a session of an earlier epoch is none any more, but for the kept one."""
    kept_session: str = ""
    """The sign-in that went on the last time."""
    reset_hash: bytes = b""
    """Of the code by which a new password can be chosen; empty where there is none."""
    reset_expire_time: datetime | None = None

    def __repr__(self) -> str:
        """The id alone: records end up in logs and tracebacks, and addresses and hashes must not."""
        return f"AccountRecord({self.account_id})"


def has_name(account: AccountRecord, claim: Claim) -> bool:
    """Whether the account is what this claim says it wants to be."""
    match claim.kind:
        case ClaimKind.EMAIL:
            return account.email == claim.name
        case ClaimKind.HANDLE:
            return account.username == claim.name
        case ClaimKind.ADMINISTRATOR:
            # The claim is taken last before the account is made, so an account that has it was made with the role.
            return True


def sees_private(caller: Caller, account_id: str) -> bool:
    """Whether the caller is shown private fields: the account itself and administrators are."""
    return caller.account_id_or_none == account_id or caller.is_administrator


def updated(account: AccountRecord, request: UpdateAccountRequest) -> AccountRecord:
    """The account as the request wants it: the same where it is so already, which makes a repeat harmless.

    Raises INVALID_FIELD, and ETAG_MISMATCH where something would change that the client has not seen.
    """
    sent = request.account
    after = account
    for name in chosen_fields(request.update_mask, sent, CHANGEABLE):
        if name == "display_name":
            # Nobody goes without a name: clearing it shows the username.
            shown = clean_line("account.display_name", sent.display_name) or account.username
            after = replace(after, display_name=shown)
        else:
            after = replace(after, avatar_url=clean_url("account.avatar_url", sent.avatar_url))
    if after == account:
        return account
    check_etag(sent.etag, account.generation)
    return replace(after, generation=account.generation + 1)


def without_sessions(account: AccountRecord, keep: str = "") -> AccountRecord:
    """The account when all its sign-ins have ended but the one to keep."""
    return replace(account, sessions_epoch=account.sessions_epoch + 1, kept_session=keep)


def account_missing(account_id: str) -> Fault:
    """NOT_FOUND, ACCOUNT_NOT_FOUND."""
    return not_found(ErrorReason.ERROR_REASON_ACCOUNT_NOT_FOUND, "There is no such account.", account_id=account_id)


def account_message(account: AccountRecord, *, private: bool) -> Account:
    """The account as it is shown, private fields only where the reader may see them."""
    message = Account(
        account_id=account.account_id,
        username=account.username,
        display_name=account.display_name,
        avatar_url=account.avatar_url,
        verified=account.verified,
        email=account.email if private else "",
        role=account.role,
        etag=etag_of(account.generation),
    )
    message.create_time.FromDatetime(account.create_time)
    return message
