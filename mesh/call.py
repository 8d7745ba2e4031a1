"""The call that is being answered: who calls, from where, and until when. Set by the server before a handler runs.

It travels with the task (a context variable), so code below a handler reads it without passing it along, and
channels to other services carry it on.
"""

from __future__ import annotations

import time
from contextvars import ContextVar, Token
from dataclasses import dataclass, field

from mesh.errors import sign_in_required
from vidmesh.options.v1.options_pb2 import Scope
from vidmesh.social.v1.account_pb2 import ROLE_ADMINISTRATOR, Role


@dataclass(frozen=True, slots=True)
class Principal:
    """A signed-in account, as its access token says."""

    account_id: str
    session_id: str
    role: Role.ValueType
    scopes: frozenset[Scope.ValueType] | None = None
    """What the personal API token that was used lets its bearer do; None for a sign-in, which may do everything."""

    @property
    def is_administrator(self) -> bool:
        """Whether the account runs the installation."""
        return self.role == ROLE_ADMINISTRATOR


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls: a person, another service, a service on behalf of a person, or nobody known."""

    user: Principal | None = None
    service: str | None = None
    """Name of the calling service, e.g. "svc_upload"; None for calls from outside."""

    @property
    def signed_in(self) -> Principal:
        """Who is signed in. Raises UNAUTHENTICATED (SIGN_IN_REQUIRED) where nobody is."""
        if self.user is None:
            raise sign_in_required()
        return self.user

    @property
    def account_id(self) -> str:
        """The signed-in account. Raises UNAUTHENTICATED (SIGN_IN_REQUIRED) where there is none."""
        return self.signed_in.account_id

    @property
    def account_id_or_none(self) -> str | None:
        """The signed-in account, or None."""
        return None if self.user is None else self.user.account_id

    @property
    def is_administrator(self) -> bool:
        """Whether a signed-in account runs the installation."""
        return self.user is not None and self.user.is_administrator


ANONYMOUS = Caller()


@dataclass(frozen=True, slots=True)
class Call:
    """One call that is being answered."""

    method: str
    """Full name, e.g. "/vidmesh.upload.v1.VideoService/GetVideo"."""
    caller: Caller = ANONYMOUS
    deadline: float | None = None
    """When the answer is no longer wanted, on the clock of `time.monotonic`; None for no limit."""
    country: str = ""
    """Where the caller is, as the edge knows it: ISO 3166-1 alpha-2, or empty."""
    edge_name: str = ""
    """The edge that the call came through; empty where it came through none."""
    address: str = field(default="", repr=False)
    """The IP address of whoever calls the installation, as the edge sees it; empty where it came through none."""
    user_token: str | None = field(default=None, repr=False)
    """The access token as it was sent, to be carried on to other services. Never logged."""

    def remaining(self) -> float | None:
        """Seconds until the deadline, 0 when it has passed; None for no limit."""
        return None if self.deadline is None else max(0.0, self.deadline - time.monotonic())


_current: ContextVar[Call] = ContextVar("mesh.call")


def current_call() -> Call:
    """The call that is being answered. Raises LookupError outside one (a background task, a consumer)."""
    return _current.get()


def current_call_or_none() -> Call | None:
    """The call that is being answered, or None in work that no call waits for."""
    return _current.get(None)


def enter_call(call: Call) -> Token[Call]:
    """Make `call` the current one for the rest of this task; servers and tests do this."""
    return _current.set(call)
