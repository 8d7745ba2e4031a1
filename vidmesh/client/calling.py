"""The channel that the stubs call through: it adds the access token, repeats what may be repeated, types errors.

It stands in the channel's place, not in its interceptors, because an interceptor of grpc.aio must not raise errors
of its own.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, Final

import grpc
import grpc.aio

from vidmesh.client.auth import Authenticator
from vidmesh.client.errors import VidmeshError, error_of
from vidmesh.client.policies import CallRules, rules_of_contracts
from vidmesh.client.retrying import Backoff, wait_before_repeat

Serializer = Callable[[Any], bytes]
Deserializer = Callable[[bytes], Any]


class CallingChannel:
    """As much of `grpc.aio.Channel` as generated stubs use."""

    def __init__(self, channel: grpc.aio.Channel, authenticator: Authenticator, backoff: Backoff) -> None:
        self._channel = channel
        self._authenticator = authenticator
        self._backoff = backoff
        self._rules: Final = rules_of_contracts()

    def unary_unary(
        self, method: str, request_serializer: Serializer, response_deserializer: Deserializer, **_: Any
    ) -> Callable[..., Awaitable[Any]]:
        """A callable that gives the answer or raises `VidmeshError`."""
        call = self._channel.unary_unary(method, request_serializer, response_deserializer)
        rules = self._rules[method]

        async def called(request: object, *, timeout: float | None = None) -> object:  # noqa: ASYNC109 (as stubs have it)
            async def attempt(token: str | None) -> object:
                try:
                    return await call(request, metadata=_metadata(token), timeout=timeout or rules.timeout)
                except grpc.aio.AioRpcError as error:
                    raise error_of(error, method) from None

            return await self._with_retries(attempt, rules)

        return called

    def unary_stream(
        self, method: str, request_serializer: Serializer, response_deserializer: Deserializer, **_: Any
    ) -> Callable[..., AsyncIterator[Any]]:
        """A callable that gives an iterator, which raises `VidmeshError`. It is not resumed: see `streams`."""
        call = self._channel.unary_stream(method, request_serializer, response_deserializer)
        rules = self._rules[method]

        async def opened(
            request: object,
            *,
            timeout: float | None = None,  # noqa: ASYNC109
        ) -> AsyncIterator[object]:
            refused = ""
            while True:
                token = None if rules.authenticates else await self._authenticator.token(refused)
                stream = call(request, metadata=_metadata(token), timeout=timeout)
                begun = False
                try:
                    async for answer in stream:
                        begun = True
                        yield answer
                    return
                except grpc.aio.AioRpcError as error:
                    failure = error_of(error, method)
                    if begun or refused or not _outdated(failure, token):
                        raise failure from None
                    refused = token or ""
                finally:
                    stream.cancel()

        return opened

    async def _with_retries(self, attempt: Callable[[str | None], Awaitable[object]], rules: CallRules) -> object:
        failures, refused = 0, ""
        while True:
            token = None if rules.authenticates else await self._authenticator.token(refused)
            try:
                return await attempt(token)
            except VidmeshError as error:
                if _outdated(error, token) and not refused:
                    refused = token or ""
                    continue
                failures += 1
                wait = wait_before_repeat(error, failures, self._backoff) if rules.idempotent else None
                if wait is None:
                    raise
            await asyncio.sleep(wait)


def _outdated(error: VidmeshError, token: str | None) -> bool:
    """A service did not take this token, so a fresh one may help."""
    unauthenticated = error.code == grpc.StatusCode.UNAUTHENTICATED
    # The edge refuses a bad token before any service could name a reason.
    return token is not None and unauthenticated and error.reason in ("", "INVALID_TOKEN")


def _metadata(token: str | None) -> tuple[tuple[str, str], ...]:
    return () if token is None else (("authorization", f"Bearer {token}"),)
