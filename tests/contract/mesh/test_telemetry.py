"""Traces run through calls, and figures are taken; nothing of it is imported where it is off."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Any

import pytest
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode

from mesh.config import ConfigurationError
from mesh.runtime import Runtime
from mesh.telemetry import Telemetry, set_up_telemetry
from vidmesh.social.v1 import channel_service_pb2 as pb
from vidmesh.social.v1.channel_service_pb2_grpc import ChannelServiceStub

from .conftest import CHANNEL_ID, CHANNELS, Start, failure

GET = pb.GetChannelRequest(channel="abc")
CHECK = pb.CheckMemberRequest(channel_id=CHANNEL_ID, account_id=CHANNEL_ID)


class Recorded:
    """Telemetry that keeps what it sees."""

    def __init__(self) -> None:
        self._spans = InMemorySpanExporter()
        self._reader = InMemoryMetricReader()
        traces = TracerProvider()
        traces.add_span_processor(SimpleSpanProcessor(self._spans))
        self.telemetry = Telemetry(traces, MeterProvider(metric_readers=[self._reader]))

    def spans(self, kind: SpanKind) -> list[Any]:
        return [span for span in self._spans.get_finished_spans() if span.kind is kind]

    def points(self, name: str) -> list[Any]:
        data = self._reader.get_metrics_data()
        assert data is not None
        return [
            point
            for resource in data.resource_metrics
            for scope in resource.scope_metrics
            for metric in scope.metrics
            if metric.name == name
            for point in metric.data.data_points
        ]


async def test_one_trace_runs_from_the_caller_through_both_services(start: Start) -> None:
    recorded = Recorded()

    async def behind(_request: Any) -> None:
        with recorded.telemetry.span("look up"):
            pass

    await start(behind, name="svc_social", telemetry=recorded.telemetry)
    runtime: list[Runtime] = []

    async def front(_request: Any) -> None:
        await ChannelServiceStub(runtime[0].channel("svc_social")).CheckMember(CHECK)

    started = await start(front, name="svc_upload", telemetry=recorded.telemetry)
    runtime.append(started.runtime)
    parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    await started.channels.GetChannel(GET, metadata=(("traceparent", parent),))

    inner, outer = recorded.spans(SpanKind.SERVER)
    [client] = recorded.spans(SpanKind.CLIENT)
    [own] = recorded.spans(SpanKind.INTERNAL)
    assert {format(one.context.trace_id, "032x") for one in (inner, outer, client, own)} == {parent.split("-")[1]}
    assert client.parent.span_id == outer.context.span_id
    assert inner.parent.span_id == client.context.span_id
    assert own.parent.span_id == inner.context.span_id
    assert outer.name == f"{CHANNELS}/GetChannel"
    assert dict(outer.attributes) == {
        "rpc.system": "grpc",
        "rpc.service": CHANNELS,
        "rpc.method": "GetChannel",
        "rpc.grpc.status_code": 0,
    }


async def test_figures_say_how_long_calls_took_and_none_is_under_way_at_the_end(start: Start) -> None:
    recorded = Recorded()

    async def handler(_request: Any) -> None:
        raise RuntimeError

    started = await start(handler, telemetry=recorded.telemetry)
    await failure(started.channels.GetChannel(GET))

    [duration] = recorded.points("rpc.server.duration")
    assert (duration.count, duration.attributes["rpc.grpc.status_code"]) == (1, 13)
    assert [point.value for point in recorded.points("rpc.server.active_calls")] == [0]
    [span] = recorded.spans(SpanKind.SERVER)
    assert (span.status.status_code, span.status.description) == (StatusCode.ERROR, "INTERNAL")


@pytest.mark.parametrize(
    "environment",
    [{}, {"OTEL_TRACES_EXPORTER": "none"}, {"OTEL_SDK_DISABLED": "true", "OTEL_TRACES_EXPORTER": "console"}],
)
def test_telemetry_is_off_unless_asked_for(environment: dict[str, str]) -> None:
    assert set_up_telemetry("svc_social", environment) is None


def test_an_exporter_that_does_not_exist_is_named() -> None:
    with pytest.raises(ConfigurationError, match="OTEL_TRACES_EXPORTER is 'zipkin'"):
        set_up_telemetry("svc_social", {"OTEL_TRACES_EXPORTER": "zipkin"})


def test_where_telemetry_is_off_its_packages_are_not_even_imported() -> None:
    program = "import sys, mesh.server; print([name for name in sys.modules if name.startswith('opentelemetry')])"

    shown = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert shown.stdout.strip() == "[]"


def test_the_console_exporter_shows_a_span_with_the_services_name() -> None:
    program = """
from mesh.telemetry import set_up_telemetry
telemetry = set_up_telemetry("svc_social")
with telemetry.span("a span"):
    pass
telemetry.close()
"""

    shown = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        check=True,
        env=os.environ | {"OTEL_TRACES_EXPORTER": "console"},
    )

    assert '"a span"' in shown.stdout
    assert "svc_social" in shown.stdout
