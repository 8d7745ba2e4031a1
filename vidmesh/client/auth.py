"""A valid access token whenever one is wanted."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from typing import Final

import grpc

from vidmesh.client.errors import VidmeshError
from vidmesh.client.tokens import SignIn, TokenStore
from vidmesh.social.v1.account_pb2 import Tokens

EARLY: Final = 30.0
"""Seconds before its end that an access token is renewed, so that it does not end on its way."""

Exchange = Callable[[str], Awaitable[Tokens]]
"""Calls AccountService.Refresh with this refresh token."""


class Authenticator:
    """Renews the access token ahead of its end, once for all who share the token store."""

    def __init__(self, store: TokenStore, exchange: Exchange, clock: Callable[[], float] = time.time) -> None:
        self._store = store
        self._exchange = exchange
        self._clock = clock
        self._known: SignIn | None = None

    @property
    def signed_in(self) -> SignIn | None:
        """Who is signed in, as far as this machine knows."""
        return self._store.load()

    def remember(self, sign_in: SignIn) -> None:
        """Keeps a new sign-in."""
        self._known = sign_in
        self._store.save(sign_in)

    def forget(self) -> None:
        """Ends the sign-in on this machine."""
        self._known = None
        self._store.clear()

    async def token(self, refused: str = "") -> str | None:
        """An access token that is good now; None when nobody is signed in.

        `refused` is a token that a service did not take: another one is given. Raises `VidmeshError`
        (INVALID_REFRESH_TOKEN) when the sign-in has ended; nobody is signed in afterwards.
        """
        if self._known is None or not self._good(self._known, refused):
            self._known = self._store.load()
        if self._known is not None and not self._good(self._known, refused):
            self._known = await self._renew(refused)
        return None if self._known is None else self._known.access_token

    def _good(self, sign_in: SignIn, refused: str) -> bool:
        return sign_in.access_token != refused and sign_in.access_expires - EARLY > self._clock()

    async def _renew(self, refused: str) -> SignIn | None:
        async with self._store.lock():
            # Somebody else may have renewed it while this one waited.
            kept = self._store.load()
            if kept is None or self._good(kept, refused):
                return kept
            if not kept.refresh_token:
                raise VidmeshError(
                    grpc.StatusCode.UNAUTHENTICATED,
                    "INVALID_TOKEN",
                    "The API token has expired or was deleted; `vidmesh token create` makes another.",
                )
            try:
                renewed = kept.renewed(await self._exchange(kept.refresh_token))
            except VidmeshError as error:
                if error.reason != "INVALID_REFRESH_TOKEN":
                    raise
                self._store.clear()
                raise VidmeshError(
                    grpc.StatusCode.UNAUTHENTICATED,
                    error.reason,
                    "The sign-in has ended; sign in again with `vidmesh login`.",
                ) from error
            self._store.save(renewed)
            return renewed
