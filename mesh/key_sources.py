"""Public keys that are asked of the issuer, remembered, and asked again when a token names one that is not known."""

from __future__ import annotations

import asyncio
import contextvars
import time
from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta
from typing import Final, TypeAlias

import grpc.aio
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from mesh.errors import unavailable
from mesh.keyring import public_keys_from
from vidmesh.social.v1.account_service_pb2 import GetJwksRequest
from vidmesh.social.v1.account_service_pb2_grpc import AccountServiceStub

Fetch: TypeAlias = Callable[[], Awaitable[Mapping[str, Ed25519PublicKey]]]

FRESH: Final = timedelta(minutes=5)
"""How long fetched keys are used without asking again."""
STALE: Final = timedelta(hours=24)
"""How long they are used where the issuer does not answer: sign-ins outlive an outage of the issuer."""
PAUSE: Final = timedelta(seconds=1)
"""Least time between two fetches: tokens with invented key ids must not become load on the issuer."""


class FetchedKeys:
    """A `KeySource` that fetches lazily, one fetch at a time for all who wait."""

    def __init__(self, fetch: Fetch, clock: Callable[[], float] = time.monotonic) -> None:
        self._fetch = fetch
        self._clock = clock
        self._keys: Mapping[str, Ed25519PublicKey] = {}
        self._fetched: float | None = None
        self._tried: float | None = None
        self._fetching: asyncio.Task[None] | None = None

    async def key(self, kid: str) -> Ed25519PublicKey | None:
        """The key with this id; None where the issuer has none. Raises UNAVAILABLE where it cannot be asked."""
        found = self._keys.get(kid)
        if (found is None or self._older_than(FRESH)) and self._may_try():
            refresh = self._refresh()
            if found is None or self._older_than(STALE):
                await asyncio.shield(refresh)
                found = self._keys.get(kid)
        if self._older_than(STALE):
            raise unavailable("The keys of the sign-in service cannot be had. Try again shortly.")
        return found

    def _older_than(self, age: timedelta) -> bool:
        return self._fetched is None or self._clock() - self._fetched >= age.total_seconds()

    def _may_try(self) -> bool:
        if self._fetching is not None or self._tried is None:
            return True
        return self._clock() - self._tried >= PAUSE.total_seconds()

    def _refresh(self) -> asyncio.Task[None]:
        if self._fetching is None:
            self._tried = self._clock()
            # Outside the current call: the token that it would carry along is the one that cannot be verified yet.
            self._fetching = asyncio.create_task(self._fetch_once(), context=contextvars.Context())
            self._fetching.add_done_callback(self._forget)
        return self._fetching

    async def _fetch_once(self) -> None:
        try:
            self._keys = await self._fetch()
        except (grpc.aio.AioRpcError, OSError, ValueError):
            # What is known stays in use until it is stale; then `key` says so to the caller.
            return
        self._fetched = self._clock()

    def _forget(self, task: asyncio.Task[None]) -> None:
        self._fetching = None
        if not task.cancelled():
            task.exception()


def jwks_from(channel: grpc.aio.Channel) -> Fetch:
    """Fetches the keys of access tokens from AccountService."""
    stub = AccountServiceStub(channel)

    async def fetch() -> Mapping[str, Ed25519PublicKey]:
        answer = await stub.GetJwks(GetJwksRequest(), timeout=5)
        return public_keys_from([{"kty": key.kty, "crv": key.crv, "kid": key.kid, "x": key.x} for key in answer.keys])

    return fetch
