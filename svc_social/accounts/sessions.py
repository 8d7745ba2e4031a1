"""Rules of sessions: rotating refresh tokens, and what using an old one means. Pure.

A session knows the tokens that are good now (live) and those that the last use made old (used), each by its SHA-256
hash. Live is one token, and more only where an answer was lost and the request repeated: then each repeat got a token
of its own, and the first of them to be used makes the others old.

A token carries its session's id and a seal, so only tokens that were really given out can end a session.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from mesh.sealing import Sealer
from svc_social.accounts.domain import AccountRecord
from svc_social.accounts.sealed_secrets import SealedSecret, new_secret, read_secret
from vidmesh.social.v1 import account_pb2

GRACE: Final = timedelta(seconds=30)
"""After its first use, for how long a repeat counts as a lost answer. Part of the contract of Refresh."""
MOST_LIVE: Final = 8
"""Lost answers in a row that are believed."""
PURPOSE: Final = "refresh_token"


@dataclass(frozen=True, slots=True)
class Session:
    """One sign-in as it is stored."""

    session_id: str
    account_id: str
    device_name: str
    create_time: datetime
    generation: int
    live: tuple[bytes, ...]
    used: tuple[bytes, ...] = ()
    used_time: datetime | None = None
    """When one of `used` was used first; None where none was."""
    epoch: int = 0
    """The account's `sessions_epoch` when it began."""

    @property
    def last_use_time(self) -> datetime:
        """When it was refreshed last, half a minute more or less; when it began where it never was."""
        return self.used_time or self.create_time

    def __repr__(self) -> str:
        """The ids alone."""
        return f"Session({self.session_id} of {self.account_id})"


def is_live(session: Session | None, account: AccountRecord) -> bool:
    """Whether a session that is stored is one still: all of an account's sign-ins end by one change of the account."""
    return session is not None and (
        session.epoch == account.sessions_epoch or session.session_id == account.kept_session
    )


def session_message(session: Session, lifetime: timedelta, *, current: bool) -> account_pb2.Session:
    """The session as its owner sees it; `lifetime` is that of a refresh token."""
    message = account_pb2.Session(session_id=session.session_id, device_name=session.device_name, current=current)
    message.create_time.FromDatetime(session.create_time)
    message.last_use_time.FromDatetime(session.last_use_time)
    message.expire_time.FromDatetime(session.last_use_time + lifetime)
    return message


def new_token(sealer: Sealer, session_id: str) -> SealedSecret:
    """A fresh refresh token of a session."""
    return new_secret(sealer, PURPOSE, session_id)


def read_token(sealer: Sealer, text: str) -> SealedSecret | None:
    """The token that a client sent; None where it was never given out by this installation."""
    return read_secret(sealer, PURPOSE, text)


def rotate(session: Session, presented: bytes, fresh: bytes, now: datetime) -> Session | None:
    """The session after `presented` was exchanged for `fresh`; None where it must end, since the token is old.

    The token is known to be genuine, so one that is neither live nor just used was given out earlier and has come
    back: two hold it, and one of them is a thief.
    """
    if presented in session.live:
        return replace(session, generation=session.generation + 1, live=(fresh,), used=session.live, used_time=now)
    lost_answer = (
        presented in session.used
        and session.used_time is not None
        and now - session.used_time <= GRACE
        and len(session.live) < MOST_LIVE
    )
    if not lost_answer:
        return None
    return replace(session, generation=session.generation + 1, live=(*session.live, fresh))
