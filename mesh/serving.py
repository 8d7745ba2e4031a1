"""A gRPC server on grpc.aio: its services behind the answering layers, health, reflection, and a graceful end."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final, cast

import grpc
import grpc.aio
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection

from mesh.channel import MESSAGE_LIMIT
from mesh.hosting import Hosted, handlers_of
from mesh.identity import AccessTokenVerifier
from mesh.interceptors.access import Gate
from mesh.interceptors.answering import Layers, MethodAnswer, behaviour_of, refuse
from mesh.interceptors.failures import no_such_method
from mesh.interceptors.load import Load
from mesh.interceptors.observing import Observer
from mesh.interceptors.validation import RequestValidator
from mesh.policy import policy_of
from mesh.runtime import Runtime

GRACE: Final = timedelta(seconds=15)
"""How long calls under way may go on when the server is told to stop."""
LAST_BYTES: Final = timedelta(milliseconds=250)
"""Time for the last answers to leave; then only idle health watches are still open."""

aio_health: Final = cast("Any", health).aio
"""The asyncio side of the health package, which its stubs leave out."""

OPTIONS: Final = (
    # Two processes on one port would share its calls at random: the second must fail instead.
    ("grpc.so_reuseport", 0),
    MESSAGE_LIMIT,
    # The edge lets 32 KiB of headers in and adds its own, the path once more among them; from the soft limit on gRPC
    # refuses calls at random, and without a reason that callers know.
    ("grpc.max_metadata_size", 96 * 1024),
    ("grpc.absolute_max_metadata_size", 128 * 1024),
    # Neighbours and the edge look after idle connections by pings; without this they would be cut off for it.
    ("grpc.http2.min_ping_interval_without_data_ms", 5_000),
    ("grpc.keepalive_permit_without_calls", 1),
    # Streams to a reader that vanished without a word are ended.
    ("grpc.keepalive_time_ms", 20_000),
    ("grpc.keepalive_timeout_ms", 10_000),
    ("grpc.http2.ping_timeout_ms", 10_000),
    ("grpc.http2.max_pings_without_data", 0),
)


class GrpcServer:
    """One server with everything that a process hosts."""

    def __init__(self, runtime: Runtime, hosted: Sequence[Hosted]) -> None:
        """Raises TypeError where a servicer does not fit its contract."""
        self.load: Final = Load()
        """How busy it is."""
        self._names = tuple(one.name for one in hosted)
        self._layers = Layers(
            gate=Gate(AccessTokenVerifier(runtime.keys, runtime.settings.identity.issuer), runtime.service_tokens),
            validator=RequestValidator(),
            load=self.load,
            log=runtime.log,
            observer=None if runtime.telemetry is None else Observer(runtime.telemetry, "server"),
        )
        self._server = grpc.aio.server(options=OPTIONS)
        self._health = aio_health.HealthServicer()
        for one in hosted:
            cast("Any", self._server).add_registered_method_handlers(one.name, self._answers(one))
        health_pb2_grpc.add_HealthServicer_to_server(self._health, self._server)
        reflection.enable_server_reflection((*self._names, health.SERVICE_NAME, reflection.SERVICE_NAME), self._server)
        self._server.add_generic_rpc_handlers((_Unknown(),))

    async def start(self, address: str) -> int:
        """Listen on "host:port" and say that it serves; the port, which the system chooses where 0 was given.

        Raises RuntimeError where the address cannot be had.
        """
        port = self._server.add_insecure_port(address)
        await self._server.start()
        for name in self._names:
            await self._health.set(name, health_pb2.HealthCheckResponse.SERVING)
        return port

    async def drain(self, grace: timedelta = GRACE) -> None:
        """Take no more calls, say so to whoever checks health, let the calls under way end, and stop."""
        await self._health.enter_graceful_shutdown()
        self.load.drain()
        stopping = asyncio.ensure_future(self._server.stop(grace.total_seconds()))
        while self.load.active and not stopping.done():
            await asyncio.wait({stopping}, timeout=0.02)
        await asyncio.wait({stopping}, timeout=LAST_BYTES.total_seconds())
        await self._server.stop(None)
        await stopping

    def _answers(self, hosted: Hosted) -> dict[str, grpc.RpcMethodHandler[Any, Any]]:
        return {name: self._answer(f"/{hosted.name}/{name}", handler) for name, handler in handlers_of(hosted).items()}

    def _answer(self, method: str, handler: grpc.RpcMethodHandler[Any, Any]) -> grpc.RpcMethodHandler[Any, Any]:
        policy = policy_of(method)
        if policy is None or behaviour_of(handler).__module__.endswith("_pb2_grpc"):
            # No policy, or nobody implements it: the generated base class is what is left.
            return _refusal(method)
        answer = MethodAnswer(self._layers, method, policy, handler)
        if handler.response_streaming:
            make = (
                grpc.stream_stream_rpc_method_handler
                if handler.request_streaming
                else grpc.unary_stream_rpc_method_handler
            )
            return make(answer.stream)
        make = (
            grpc.stream_unary_rpc_method_handler if handler.request_streaming else grpc.unary_unary_rpc_method_handler
        )
        return make(answer.unary)


class _Unknown(grpc.GenericRpcHandler):
    """Answers what nobody hosts here."""

    def service(self, handler_call_details: grpc.HandlerCallDetails) -> grpc.RpcMethodHandler[Any, Any]:
        return _refusal(handler_call_details.method)


def _refusal(method: str) -> grpc.RpcMethodHandler[Any, Any]:
    async def answer(_requests: Any, context: grpc.aio.ServicerContext[Any, Any]) -> None:
        await refuse(context, no_such_method(method))

    # A stream both ways fits a method of any kind, known or not.
    return grpc.stream_stream_rpc_method_handler(answer)
