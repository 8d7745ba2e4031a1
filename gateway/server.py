"""Wiring of the control plane. It has no contract of its own, so it runs without the services' interceptors."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Callable, Coroutine, Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

import grpc.aio
from google.protobuf.message import Message
from grpc_health.v1 import health_pb2_grpc
from grpc_health.v1._async import HealthServicer
from grpc_health.v1.health_pb2 import HealthCheckResponse

from gateway.ads import HEALTH, DiscoveryServer
from gateway.certificates import follow, seconds_left
from gateway.control import ControlPlane
from gateway.keys import KeyWatch
from gateway.membership import xds_keys
from gateway.routes import route_table
from gateway.sources import ServiceSources
from mesh.certificates import Certificate, CertificateFiles
from mesh.policy import all_methods, descriptor_set
from mesh.process import CannotStart
from vidmesh.playback.v1.playback_events_pb2 import RevocationsChanged
from vidmesh.social.v1.social_events_pb2 import SessionsEnded

if TYPE_CHECKING:
    from mesh.runtime import Runtime

NAME: Final = "gateway"
OPTIONS: Final = (
    ("grpc.so_reuseport", 0),
    # Edges on the far side of a network that swallowed the connection must not be counted for ever.
    ("grpc.keepalive_time_ms", 20_000),
    ("grpc.keepalive_timeout_ms", 10_000),
    ("grpc.http2.ping_timeout_ms", 10_000),
    ("grpc.http2.max_pings_without_data", 0),
    # Envoy asks every ten seconds whether we are there; grpc would otherwise take that for an attack and hang up.
    ("grpc.http2.min_ping_interval_without_data_ms", 5_000),
)


async def serve(listen: str | None, runtime: Runtime) -> None:
    """Serve edges and gRPC clients until the process is told to end.

    Raises ConfigurationError where nothing could be served, and CannotStart where it cannot listen.
    """
    address = listen or runtime.settings.services.get(NAME, "")
    if not address:
        raise CannotStart("No address to listen on: give --listen or services.gateway in the configuration.")
    control = ControlPlane(
        runtime.settings, route_table(all_methods(), descriptor_set()), descriptor_set(), runtime.log
    )
    discovery = discovery_server(runtime, control)
    watch = KeyWatch(
        ServiceSources(runtime.channel("svc_social"), runtime.channel("svc_playback")), control.learn, runtime.log
    )

    follow_certificate = _certificate(runtime, control)

    async def follow_revocations() -> None:
        await _follow(runtime, RevocationsChanged, watch.wake)

    async def follow_ends() -> None:
        await _follow(runtime, SessionsEnded, watch.wake_by_ends)

    server = grpc.aio.server(options=OPTIONS)
    discovery.add_to(server)
    await add_health(server, discovery)
    try:
        port = server.add_insecure_port(address)
    except RuntimeError as error:
        raise CannotStart(f"Cannot listen on {address}: another process may have it.") from error
    await server.start()
    runtime.background(watch.run, "keys of the edges")
    runtime.background(follow_revocations, "wakes of revocations")
    runtime.background(follow_ends, "wakes of ended sign-ins")
    if follow_certificate is not None:
        runtime.background(follow_certificate, "certificate of the edges")
    runtime.log.info("serving", port=port)
    await runtime.draining.wait()
    # Edges go on with what they have, and come back to whoever serves next.
    await server.stop(None)
    runtime.log.info("stopped")


def _certificate(runtime: Runtime, control: ControlPlane) -> Callable[[], Coroutine[Any, Any, None]] | None:
    """Edges show what the files hold now; what keeps it so, where they speak TLS. Raises ConfigurationError."""
    files = CertificateFiles.of_edge(runtime.settings)
    if files is None:
        return None
    shown = [files.read()]
    control.show(shown[0])

    def show(found: Certificate) -> None:
        shown[0] = found
        control.show(found)

    if runtime.telemetry is not None:
        from opentelemetry.metrics import CallbackOptions, Observation

        def left(_options: CallbackOptions) -> Sequence[Observation]:
            return [Observation(seconds_left(shown[0], datetime.now(UTC)))]

        runtime.telemetry.meter.create_observable_gauge(
            "vidmesh.gateway.certificate.remaining",
            [left],
            unit="s",
            description="Until the certificate of the edge expires; negative behind that.",
        )
    return functools.partial(follow, files, shown[0], show, runtime.log)


async def _follow(runtime: Runtime, kind: type[Message], wake: Callable[[], None]) -> None:
    async with (await runtime.bus()).wakes(kind) as wakes:
        # A wake that was sent before this subscription may have been missed.
        wake()
        async for _ in wakes:
            wake()


def discovery_server(runtime: Runtime, control: ControlPlane) -> DiscoveryServer:
    """The discovery service over a control plane, told of every change."""
    keys = xds_keys(runtime.settings.identity)
    discovery = DiscoveryServer(control.snapshot_of, keys, runtime.log, _counter(runtime), control.holds)
    control.on_change(discovery.changed)
    return discovery


async def add_health(server: grpc.aio.Server, discovery: DiscoveryServer) -> None:
    """The standard health service: the process under "", and under `HEALTH` whether edges take what they are sent."""
    health = HealthServicer()
    health_pb2_grpc.add_HealthServicer_to_server(health, server)
    await health.set("", HealthCheckResponse.SERVING)
    await health.set(HEALTH, HealthCheckResponse.SERVING)
    under_way: set[asyncio.Task[None]] = set()

    def show() -> None:
        status = HealthCheckResponse.NOT_SERVING if discovery.refusing else HealthCheckResponse.SERVING
        task = asyncio.ensure_future(health.set(HEALTH, status))
        under_way.add(task)
        task.add_done_callback(under_way.discard)

    discovery.on_answer(show)


def _counter(runtime: Runtime) -> Callable[[Mapping[str, str]], None]:
    if runtime.telemetry is None:
        return lambda _: None
    counter = runtime.telemetry.meter.create_counter(
        "vidmesh.gateway.discovery.answers", description="Answers of nodes to what they were sent."
    )
    return lambda attributes: counter.add(1, attributes)
