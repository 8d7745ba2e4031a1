"""Every call that a service makes to another: its channel carries deadline, identity, place and trace along."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from types import TracebackType
from typing import Any, Final, Self

import grpc
import grpc.aio

from mesh.call import current_call_or_none
from mesh.identity import ADDRESS, AUTHORIZATION, COUNTRY, EDGE, SERVICE_TOKEN
from mesh.interceptors.observing import Observer
from mesh.policy import UNARY_TIMEOUT, policy_of
from mesh.service_tokens import ServiceTokens

Pairs = tuple[tuple[str, str | bytes], ...]


class Luggage:
    """What every call of this service takes along."""

    def __init__(self, services: ServiceTokens, observer: Observer | None = None) -> None:
        self._services = services
        self.observer: Final = observer
        """Watches calls; None where telemetry is off."""

    def metadata(self, given: Iterable[tuple[str, str | bytes]] | None) -> Pairs:
        """This service's token and, on behalf of whom it calls: the person's token, their place, their edge.

        What the caller of the stub gave stands where it names the same key.
        """
        packed: dict[str, str | bytes] = {SERVICE_TOKEN: self._services.own()}
        if (call := current_call_or_none()) is not None:
            if call.user_token is not None:
                packed[AUTHORIZATION] = f"Bearer {call.user_token}"
            if call.country:
                packed[COUNTRY] = call.country
            if call.edge_name:
                packed[EDGE] = call.edge_name
            if call.address:
                packed[ADDRESS] = call.address
        extra = tuple(given or ())
        named = {key for key, _ in extra}
        return (*((key, value) for key, value in packed.items() if key not in named), *extra)

    @staticmethod
    def timeout(given: float | None, limit: float | None) -> float | None:
        """Seconds that the call may take: the least of what was asked, what the contract allows, and what is left."""
        call = current_call_or_none()
        left = None if call is None else call.remaining()
        return min((one for one in (given, limit, left) if one is not None), default=None)


class CarryingChannel(grpc.aio.Channel):
    """A channel whose calls take their luggage along; otherwise the channel below it.

    A wrapper and not grpc.aio interceptors: those cost a task a call and know nothing of time-outs.
    """

    def __init__(self, below: grpc.aio.Channel, luggage: Luggage) -> None:
        self._below = below
        self._luggage = luggage

    async def __aenter__(self) -> Self:
        await self._below.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> bool | None:
        return await self._below.__aexit__(kind, error, traceback)

    async def close(self, grace: float | None = None) -> None:
        """As the channel below."""
        await self._below.close(grace)

    def get_state(self, try_to_connect: bool = False) -> grpc.ChannelConnectivity:
        """As the channel below."""
        return self._below.get_state(try_to_connect)

    async def wait_for_state_change(self, last_observed_state: grpc.ChannelConnectivity) -> None:
        """As the channel below."""
        await self._below.wait_for_state_change(last_observed_state)

    async def channel_ready(self) -> None:
        """As the channel below."""
        await self._below.channel_ready()

    def unary_unary(self, method: str, *args: Any, **options: Any) -> Any:
        """A callable for the method; bounded by its contract's time-out."""
        return self._carrying(method, self._below.unary_unary(method, *args, **options), unary=True)

    def unary_stream(self, method: str, *args: Any, **options: Any) -> Any:
        """A callable for the method."""
        return self._carrying(method, self._below.unary_stream(method, *args, **options), unary=False)

    def stream_unary(self, method: str, *args: Any, **options: Any) -> Any:
        """A callable for the method."""
        return self._carrying(method, self._below.stream_unary(method, *args, **options), unary=False)

    def stream_stream(self, method: str, *args: Any, **options: Any) -> Any:
        """A callable for the method."""
        return self._carrying(method, self._below.stream_stream(method, *args, **options), unary=False)

    def _carrying(self, method: str, below: Callable[..., Any], *, unary: bool) -> Callable[..., Any]:
        policy = policy_of(method)
        allowed = policy.timeout if policy is not None else (UNARY_TIMEOUT if unary else None)
        limit = None if allowed is None else allowed.total_seconds()
        luggage = self._luggage

        def start(*request: Any, timeout: float | None = None, metadata: Any = None, **options: Any) -> grpc.aio.Call:
            packed = luggage.metadata(metadata)
            seconds = luggage.timeout(timeout, limit)
            if luggage.observer is None:
                return below(*request, timeout=seconds, metadata=packed, **options)
            seen = luggage.observer.begin(method)
            packed += tuple(luggage.observer.headers(seen).items())
            call: grpc.aio.Call = below(*request, timeout=seconds, metadata=packed, **options)
            luggage.observer.end_with(seen, call)
            return call

        return start
