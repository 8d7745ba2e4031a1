"""Channels to the other services: found by name, kept warm, retried where the contract says that repeating is safe."""

from __future__ import annotations

import json
from collections import defaultdict
from functools import cache
from typing import TYPE_CHECKING, Final

import grpc.aio

from mesh.config import ConfigurationError, Settings
from mesh.interceptors.asking import CarryingChannel, Luggage
from mesh.interceptors.observing import Observer
from mesh.policy import all_methods
from mesh.service_tokens import ServiceTokens

if TYPE_CHECKING:
    from mesh.telemetry import Telemetry

ATTEMPTS: Final = 4
BUDGET_TOKENS: Final = 20
"""Retries stop while more than half of these are spent: a failure costs one, a success gives a tenth back."""

MESSAGE_LIMIT: Final = ("grpc.max_receive_message_length", 16 << 20)
"""Between services: what a job made of half a day of sound is a list of 4 MB. The edge's own limits are far lower."""

CONNECTION_OPTIONS: Final = (
    MESSAGE_LIMIT,
    # A neighbour that was restarted is found again within a moment.
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.min_reconnect_backoff_ms", 100),
    ("grpc.max_reconnect_backoff_ms", 2000),
    # A peer that vanished without a word (a lost machine) is noticed within a quarter of a minute, whether or not
    # anybody calls: grpc would otherwise stop looking after two pings without data, and begin again with the first
    # call, which would then be lost.
    ("grpc.keepalive_time_ms", 10_000),
    ("grpc.keepalive_timeout_ms", 5_000),
    # grpc 1.85 ends a connection by this time-out alone, whatever the one before says; its default is a minute.
    ("grpc.http2.ping_timeout_ms", 5_000),
    ("grpc.keepalive_permit_without_calls", 1),
    ("grpc.http2.max_pings_without_data", 0),
    # Between the services there is no proxy; one in the environment is meant for the world outside.
    ("grpc.enable_http_proxy", 0),
)


class Channels:
    """One channel to each service, opened when it is first asked for, shared by all callers of the process."""

    def __init__(self, settings: Settings, services: ServiceTokens, telemetry: Telemetry | None = None) -> None:
        self._addresses = settings.services
        self._luggage = Luggage(services, None if telemetry is None else Observer(telemetry, "client"))
        self._open: dict[str, grpc.aio.Channel] = {}

    def to(self, service: str) -> grpc.aio.Channel:
        """The channel to a service by name, e.g. "svc_social".

        A call made through it ends with AioRpcError; what the neighbour said is in `mesh.statuses.fault_in`. A handler
        that lets the error through answers as failures.py says. Raises ConfigurationError for a service without an
        address.
        """
        if service not in self._open:
            self._open[service] = self._dial(service)
        return self._open[service]

    async def close(self) -> None:
        """Close all of them; calls under way are cancelled."""
        for channel in self._open.values():
            await channel.close()
        self._open.clear()

    def _dial(self, service: str) -> grpc.aio.Channel:
        address = self._addresses.get(service)
        if not address:
            raise ConfigurationError(f"The configuration gives no address for {service} in [services].")
        options = (*CONNECTION_OPTIONS, ("grpc.service_config", service_config()))
        return CarryingChannel(grpc.aio.insecure_channel(address, options=options), self._luggage)


@cache
def service_config() -> str:
    """gRPC's service config (grpc/service_config.md) for every contract: idempotent methods wait until the neighbour is
    there and are retried on UNAVAILABLE, all others are tried once."""
    names: dict[bool, list[dict[str, str]]] = defaultdict(list)
    for method in all_methods().values():
        if method.policy is not None and method.policy.idempotent:
            # Only what has a time-out may wait for a neighbour: a stream would wait for ever.
            names[method.policy.timeout is not None].append(
                {"service": method.service, "method": method.name.rpartition("/")[2]}
            )
    retry = {
        "maxAttempts": ATTEMPTS,
        "initialBackoff": "0.05s",
        "maxBackoff": "1s",
        "backoffMultiplier": 3,
        "retryableStatusCodes": ["UNAVAILABLE"],
    }
    return json.dumps(
        {
            "methodConfig": [
                {"name": named, "waitForReady": bounded, "retryPolicy": retry} for bounded, named in names.items()
            ],
            "retryThrottling": {"maxTokens": BUDGET_TOKENS, "tokenRatio": 0.1},
        }
    )
