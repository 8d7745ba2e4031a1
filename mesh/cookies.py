"""Sign-ins of browsers: the cookies that carry tokens, and the header without which they count for nothing.

`AccountService` gives them (`set-cookie`, RFC 6265), the edge turns the access cookie into `authorization`, and both
find the names here. A cookie counts only in requests that carry `CSRF_HEADER`, which pages of other origins cannot
send without being let in by CORS.

Methods that sign in or out (`ACCESS_PUBLIC` of `RATE_CLASS_AUTH`) take no access cookie at all: an ended sign-in in a
browser must never stand in the way of the next one. `takes_access_cookie` says which do.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from mesh.policy import Policy
from vidmesh.options.v1.options_pb2 import ACCESS_PUBLIC, RATE_CLASS_AUTH

COOKIE: Final = "cookie"
SET_COOKIE: Final = "set-cookie"
CSRF_HEADER: Final = "x-vidmesh-csrf"
"""With any value. The edge sets it to "1" on what it forwards."""

HOST_PREFIX: Final = "__Host-"
"""A browser takes a cookie of such a name only by https, for exactly this host (RFC 6265bis, 4.1.3.2)."""


@dataclass(frozen=True, slots=True)
class CookieNames:
    """What the two cookies are called at one edge, and whether they travel by https alone."""

    access: str
    refresh: str
    secure: bool


def cookie_names(public_url: str) -> CookieNames:
    """The names for an edge that browsers reach by this URL (`settings.edge.public_url`; empty means http)."""
    secure = public_url.lower().startswith("https://")
    prefix = HOST_PREFIX if secure else ""
    return CookieNames(access=f"{prefix}vidmesh_access", refresh=f"{prefix}vidmesh_refresh", secure=secure)


def takes_access_cookie(policy: Policy) -> bool:
    """Whether the access cookie of a request to a method of this policy counts."""
    return not (policy.access == ACCESS_PUBLIC and policy.rate_class == RATE_CLASS_AUTH)


def cookie_value(headers: Iterable[str], name: str) -> str:
    """The value of a cookie in the `cookie` headers of a request; empty where there is none.

    Of two with one name the first counts, which is the one of the more exact path (RFC 6265, 5.4).
    """
    for header in headers:
        for pair in header.split(";"):
            found, equals, value = pair.strip().partition("=")
            if equals and found == name:
                return value.strip().strip('"')
    return ""


def set_cookie(name: str, value: str, lifetime: timedelta, *, secure: bool) -> str:
    """The value of a `set-cookie` header: unreadable for scripts, not sent along by other sites' forms.

    `value` is a token: it holds no character that a cookie may not. A lifetime of zero takes the cookie away.
    """
    attributes = f"Path=/; Max-Age={int(lifetime.total_seconds())}; HttpOnly; SameSite=Lax"
    return f"{name}={value}; {attributes}; Secure" if secure else f"{name}={value}; {attributes}"
