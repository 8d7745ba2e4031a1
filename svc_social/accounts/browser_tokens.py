"""Tokens as cookies, for browsers: given, read and taken away. `mesh.cookies` says what they are called."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, Final, TypeAlias, cast

import grpc.aio

from mesh.cookies import COOKIE, CSRF_HEADER, SET_COOKIE, CookieNames, cookie_value, set_cookie
from mesh.errors import invalid_field
from vidmesh.social.v1.account_pb2 import Tokens

Context: TypeAlias = "grpc.aio.ServicerContext[Any, Any]"

USER_AGENT: Final = "user-agent"


class BrowserTokens:
    """Reads and writes the cookies of a call."""

    def __init__(self, names: CookieNames) -> None:
        self._names = names

    def check_asked(self, context: Context) -> None:
        """Raises INVALID_FIELD where cookies are asked for without the header that makes them count."""
        if not _has_header(context):
            raise invalid_field("cookies", f"Cookies need the header {CSRF_HEADER}, with any value.")

    async def give(self, tokens: Tokens, context: Context, now: datetime) -> Tokens:
        """Send them as cookies; what is left for the body, without the tokens themselves."""
        access = tokens.access_expire_time.ToDatetime(UTC) - now
        refresh = tokens.refresh_expire_time.ToDatetime(UTC) - now
        await self._send(context, (tokens.access_token, access), (tokens.refresh_token, refresh))
        return Tokens(access_expire_time=tokens.access_expire_time, refresh_expire_time=tokens.refresh_expire_time)

    async def take_away(self, context: Context) -> None:
        """Have the browser forget them; nothing happens where the call came without any."""
        if self.refresh_token(context) or (_has_header(context) and self._value(context, self._names.access)):
            await self._send(context, ("", timedelta(0)), ("", timedelta(0)))

    def refresh_token(self, context: Context) -> str:
        """The refresh token in the cookie, where it counts; else empty."""
        return self._value(context, self._names.refresh) if _has_header(context) else ""

    def check_header(self, context: Context, field: str) -> None:
        """Raises INVALID_FIELD where a token is neither in its field nor, for want of the header, in a cookie."""
        if not _has_header(context):
            raise invalid_field(field, f"It is empty, and a cookie counts only with the header {CSRF_HEADER}.")

    async def _send(self, context: Context, access: tuple[str, timedelta], refresh: tuple[str, timedelta]) -> None:
        secure = self._names.secure
        await context.send_initial_metadata(
            (
                (SET_COOKIE, set_cookie(self._names.access, *access, secure=secure)),
                (SET_COOKIE, set_cookie(self._names.refresh, *refresh, secure=secure)),
            )
        )

    @staticmethod
    def _value(context: Context, name: str) -> str:
        return cookie_value((value for key, value in metadata_of(context) if key == COOKIE), name)


def user_agent(context: Context) -> str:
    """What the client says of itself (RFC 9110, 10.1.5)."""
    return next((value for key, value in metadata_of(context) if key == USER_AGENT), "")


def metadata_of(context: Context) -> list[tuple[str, str]]:
    """The text metadata of a call."""
    pairs = cast("Any", context.invocation_metadata() or ())
    return [(key, value) for key, value in pairs if isinstance(value, str)]


def _has_header(context: Context) -> bool:
    return any(key == CSRF_HEADER for key, _ in metadata_of(context))
