"""OpenTelemetry traces and metrics, by the standard `OTEL_*` variables; off, and not even imported, without them.

They are on where `OTEL_EXPORTER_OTLP_ENDPOINT`, `OTEL_TRACES_EXPORTER` or `OTEL_METRICS_EXPORTER` is set
("otlp", "console" or "none"). Attributes follow the semantic conventions for RPC and messaging.
"""

from __future__ import annotations

import os
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from mesh.config import ConfigurationError

if TYPE_CHECKING:
    from opentelemetry.sdk.metrics import MeterProvider
    from opentelemetry.sdk.metrics.export import MetricExporter
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import SpanExporter
    from opentelemetry.trace import Span

Signal: TypeAlias = Literal["TRACES", "METRICS"]
Kind: TypeAlias = Literal["server", "client", "producer", "consumer", "internal"]
Attribute: TypeAlias = str | int | float | bool
SCOPE: Final = "vidmesh"
FLUSH_MILLISECONDS: Final = 3000


def set_up_telemetry(service: str, environment: Mapping[str, str] = os.environ) -> Telemetry | None:
    """Traces and metrics of this process; None where they are off.

    Raises ConfigurationError for an exporter that is not one of otlp, console and none.
    """
    traces, metrics = _exporter("TRACES", environment), _exporter("METRICS", environment)
    if environment.get("OTEL_SDK_DISABLED", "").lower() == "true" or (traces, metrics) == ("none", "none"):
        return None
    from opentelemetry import metrics as metrics_api
    from opentelemetry import trace
    from opentelemetry.sdk.resources import Resource

    resource = Resource.create({} if environment.get("OTEL_SERVICE_NAME") else {"service.name": service})
    tracer_provider, meter_provider = _tracer_provider(traces, resource), _meter_provider(metrics, resource)
    # Libraries that make spans of their own, the bus among them, find the providers in the API's globals.
    trace.set_tracer_provider(tracer_provider)
    metrics_api.set_meter_provider(meter_provider)
    return Telemetry(tracer_provider, meter_provider)


class Telemetry:
    """One process's tracer and meter. `close` sends what is left."""

    def __init__(self, traces: TracerProvider, metrics: MeterProvider) -> None:
        from opentelemetry import context, propagate, trace

        self._traces = traces
        self._metrics = metrics
        self._context = context
        self._propagate = propagate
        self._trace = trace
        self._tracer = traces.get_tracer(SCOPE)
        self.meter: Final = metrics.get_meter(SCOPE)
        """For instruments of one's own."""

    def start_span(
        self, name: str, kind: Kind, attributes: Mapping[str, Attribute], carrier: Mapping[str, str] | None = None
    ) -> Span:
        """A span that continues the trace in `carrier`, otherwise that of the current span.

        A server's or a consumer's span becomes the current one for the rest of the task. End it with `end_span`.
        """
        context = self._propagate.extract(carrier) if carrier else None
        span = self._tracer.start_span(name, context, self._trace.SpanKind[kind.upper()], dict(attributes))
        if kind in {"server", "consumer"}:
            self._context.attach(self._trace.set_span_in_context(span, context))
        return span

    def end_span(self, span: Span, error: str | None = None) -> None:
        """End a span; `error` (a code or the name of an exception, nothing that people wrote) marks it as failed."""
        if error is not None:
            span.set_status(self._trace.StatusCode.ERROR, error)
        span.end()

    def headers(self, span: Span) -> dict[str, str]:
        """What the other side needs to continue this span's trace (W3C trace context)."""
        carrier: dict[str, str] = {}
        self._propagate.inject(carrier, self._trace.set_span_in_context(span))
        return carrier

    @contextmanager
    def span(
        self,
        name: str,
        kind: Kind = "internal",
        attributes: Mapping[str, Attribute] | None = None,
        carrier: Mapping[str, str] | None = None,
    ) -> Generator[Span]:
        """A span that is the current one within the block and failed where the block raises."""
        span = self.start_span(name, kind, attributes or {}, carrier)
        token = self._context.attach(self._trace.set_span_in_context(span))
        try:
            yield span
        except BaseException as error:
            self.end_span(span, type(error).__name__)
            raise
        else:
            self.end_span(span)
        finally:
            self._context.detach(token)

    def close(self) -> None:
        """Send what is left; takes up to a few seconds where nobody listens."""
        self._traces.force_flush(FLUSH_MILLISECONDS)
        self._traces.shutdown()
        self._metrics.shutdown(timeout_millis=FLUSH_MILLISECONDS)


def _exporter(signal: Signal, environment: Mapping[str, str]) -> str:
    endpoint = environment.get("OTEL_EXPORTER_OTLP_ENDPOINT") or environment.get(
        f"OTEL_EXPORTER_OTLP_{signal}_ENDPOINT"
    )
    chosen = environment.get(f"OTEL_{signal}_EXPORTER") or ("otlp" if endpoint else "none")
    if chosen not in {"otlp", "console", "none"}:
        raise ConfigurationError(f"OTEL_{signal}_EXPORTER is {chosen!r}; it may be otlp, console or none.")
    return chosen


def _tracer_provider(exporter: str, resource: Resource) -> TracerProvider:
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor, ConsoleSpanExporter

    provider = TracerProvider(resource=resource, shutdown_on_exit=False)
    chosen: SpanExporter | None = None
    if exporter == "otlp":
        from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter

        chosen = OTLPSpanExporter()
    elif exporter == "console":
        chosen = ConsoleSpanExporter()
    if chosen is not None:
        provider.add_span_processor(BatchSpanProcessor(chosen))
    return provider


def _meter_provider(exporter: str, resource: Resource) -> MeterProvider:
    from opentelemetry.sdk.metrics import MeterProvider
    from opentelemetry.sdk.metrics.export import ConsoleMetricExporter, PeriodicExportingMetricReader

    chosen: MetricExporter | None = None
    if exporter == "otlp":
        from opentelemetry.exporter.otlp.proto.grpc.metric_exporter import OTLPMetricExporter

        chosen = OTLPMetricExporter()
    elif exporter == "console":
        chosen = ConsoleMetricExporter()
    readers = [] if chosen is None else [PeriodicExportingMetricReader(chosen)]
    return MeterProvider(metric_readers=readers, resource=resource, shutdown_on_exit=False)
