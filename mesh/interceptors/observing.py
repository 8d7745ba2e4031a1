"""Spans and figures of calls, by the semantic conventions for RPC; made only where telemetry is on."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable, MutableMapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

import grpc
import grpc.aio

if TYPE_CHECKING:
    from opentelemetry.trace import Span

    from mesh.telemetry import Telemetry

PROPAGATED: Final = frozenset({"traceparent", "tracestate", "baggage"})
OUR_FAILURES: Final = frozenset(
    {
        grpc.StatusCode.UNKNOWN,
        grpc.StatusCode.DEADLINE_EXCEEDED,
        grpc.StatusCode.UNIMPLEMENTED,
        grpc.StatusCode.INTERNAL,
        grpc.StatusCode.UNAVAILABLE,
        grpc.StatusCode.DATA_LOSS,
    }
)
"""Codes that make a server span an error; the others are the caller's own doing."""


@dataclass(frozen=True, slots=True)
class Seen:
    """A call that is being watched."""

    span: Span
    attributes: MutableMapping[str, str | int]
    started: float


class Observer:
    """Watches calls on one side: "server" or "client"."""

    def __init__(
        self, telemetry: Telemetry, side: Literal["server", "client"], clock: Callable[[], float] = time.perf_counter
    ) -> None:
        self._telemetry = telemetry
        self._side: Literal["server", "client"] = side
        self._clock = clock
        self._ends: set[asyncio.Future[None]] = set()
        self._duration = telemetry.meter.create_histogram(
            f"rpc.{side}.duration", unit="ms", description="How long calls took."
        )
        self._active = telemetry.meter.create_up_down_counter(
            f"rpc.{side}.active_calls", unit="{call}", description="Calls under way."
        )

    def begin(self, method: str, metadata: Iterable[tuple[str, str | bytes]] = ()) -> Seen:
        """Start a span for "/pkg.Service/Method", continuing the trace in the metadata.

        On the server it becomes the current span for the rest of the task, which is the call's own.
        """
        service, _, name = method.removeprefix("/").partition("/")
        attributes: dict[str, str | int] = {"rpc.system": "grpc", "rpc.service": service, "rpc.method": name}
        carrier = {key: value for key, value in metadata if key in PROPAGATED and isinstance(value, str)}
        span = self._telemetry.start_span(f"{service}/{name}", self._side, attributes, carrier)
        self._active.add(1, attributes)
        return Seen(span, attributes, self._clock())

    def headers(self, seen: Seen) -> dict[str, str]:
        """The metadata that lets the other side continue this span's trace."""
        return self._telemetry.headers(seen.span)

    def end(self, seen: Seen, code: grpc.StatusCode) -> None:
        """The call ended with this code."""
        self._active.add(-1, seen.attributes)
        number: int = code.value[0]
        seen.span.set_attribute("rpc.grpc.status_code", number)
        failed = code in OUR_FAILURES if self._side == "server" else code is not grpc.StatusCode.OK
        self._telemetry.end_span(seen.span, code.name if failed else None)
        milliseconds = (self._clock() - seen.started) * 1000
        self._duration.record(milliseconds, {**seen.attributes, "rpc.grpc.status_code": number})

    def end_with(self, seen: Seen, call: grpc.aio.Call) -> None:
        """The call ends when this RPC does, with its code."""

        async def end() -> None:
            self.end(seen, await call.code())

        call.add_done_callback(lambda _: _keep(self._ends, asyncio.ensure_future(end())))


def _keep(tasks: set[asyncio.Future[None]], task: asyncio.Future[None]) -> None:
    # The loop itself holds tasks only weakly.
    tasks.add(task)
    task.add_done_callback(tasks.discard)
