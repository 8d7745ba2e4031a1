"""The trace that a message or a row belongs to (W3C Trace Context), passed on where this process has telemetry on.

OpenTelemetry is never imported for this: only where something else of the process has loaded it can there be a trace.
"""

from __future__ import annotations

import sys
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from typing import Any, Final

TRACEPARENT: Final = "traceparent"


def inject_trace(headers: dict[str, str]) -> None:
    """Add to `headers` what the other side needs to continue the current trace; nothing where there is none."""
    if "opentelemetry.trace" in sys.modules:
        from opentelemetry import propagate

        propagate.inject(headers)


def current_trace() -> str:
    """The current span's `traceparent`, to be kept in a row for whoever goes on with it later; "" where none is."""
    headers: dict[str, str] = {}
    inject_trace(headers)
    return headers.get(TRACEPARENT, "")


@contextmanager
def within_trace(traceparent: str) -> Generator[None]:
    """Run the block as part of the trace that a row has kept, without a span of its own; "" leaves all as it is."""
    if not traceparent or "opentelemetry.trace" not in sys.modules:
        yield
        return
    from opentelemetry import context, propagate

    token = context.attach(propagate.extract({TRACEPARENT: traceparent}))
    try:
        yield
    finally:
        context.detach(token)


@contextmanager
def continued_trace(headers: Mapping[str, str], name: str) -> Generator[None]:
    """Run the block as part of the trace that a message came from, in a span of its own called `name`."""
    if "opentelemetry.trace" not in sys.modules:
        yield
        return
    from opentelemetry import propagate, trace

    carrier: dict[str, Any] = dict(headers)
    with trace.get_tracer("mesh.bus").start_as_current_span(
        name, context=propagate.extract(carrier), kind=trace.SpanKind.CONSUMER
    ):
        yield
