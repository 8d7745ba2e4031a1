"""One trace runs from the complete upload through every job to the end, although jobs wait in tables between."""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import Any

from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.trace import TracerProvider

from mesh.bus import Event
from mesh.bus.tracing import current_trace, within_trace
from mesh.ids import uuid7
from mesh.telemetry import Telemetry
from mesh.testing.servers import NatsServer, WeedServer
from vidmesh.transcode.v1.transcode_events_pb2 import ProcessingFinished, RenditionPublished
from vidmesh.transcode.v1.transcode_pb2 import FAILURE_REASON_PROCESSING
from vidmesh.transcode.v1.transcode_service_pb2 import JobFailure, RetryProcessingRequest

from .plausible import source
from .service_rig import Served, eventually, serving

UPLOADED = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
RETRIED = "00-1bf7651916cd43dd8448eb211c80319d-b7ad6b7169203332-01"


def trace_id(traceparent: str) -> str:
    return traceparent.split("-")[1] if traceparent else ""


async def test_jobs_and_what_is_told_of_them_belong_to_the_trace_of_the_upload(
    tmp_path: Path, nats: NatsServer, weed: WeedServer
) -> None:
    telemetry = Telemetry(TracerProvider(), MeterProvider())
    async with serving(tmp_path, nats, weed, uuid7(), telemetry=telemetry) as served:
        jobs = dict[str, str]()

        def seen(job: str, _begun: object) -> str:
            jobs[job] = trace_id(current_trace())
            return "as usual"

        async with served.working(source(20), seen):
            with within_trace(UPLOADED):
                video_id = await served.upload()
            told = await _told(served, video_id)
            await served.ended(video_id)
            await eventually(lambda: _are(told, {"RenditionPublished", "ProcessingFinished"}))

    assert {name.partition("-")[0] for name in jobs} >= {"p", "a", "v0", "t"}, jobs
    assert set(jobs.values()) | set(told.values()) == {trace_id(UPLOADED)}


async def test_a_retry_goes_on_in_the_trace_of_who_asked_for_it(
    tmp_path: Path, nats: NatsServer, weed: WeedServer
) -> None:
    telemetry = Telemetry(TracerProvider(), MeterProvider())
    async with serving(tmp_path, nats, weed, uuid7(), telemetry=telemetry) as served:
        broken = JobFailure(reason=FAILURE_REASON_PROCESSING, message="Broken.", permanent=True)
        async with served.working(source(4), lambda _job, _begun: broken):
            with within_trace(UPLOADED):
                video_id = await served.upload()
            await served.ended(video_id)
        jobs = list[str]()

        def seen(_job: str, _begun: object) -> str:
            jobs.append(trace_id(current_trace()))
            return "as usual"

        async with served.working(source(4), seen):
            request = RetryProcessingRequest(video_id=video_id)
            await served.service.RetryProcessing(request, metadata=(*served.me, ("traceparent", RETRIED)))
            await served.ended(video_id)

    assert set(jobs) == {trace_id(RETRIED)}


async def _told(served: Served, video_id: str) -> dict[str, str]:
    """The trace of each kind of fact that is told of the video, as it comes."""
    told: dict[str, str] = {}

    async def keep(event: Event[Any]) -> None:
        if event.message.video_id == video_id:
            told[type(event.message).__name__] = trace_id(current_trace())

    for kind in (RenditionPublished, ProcessingFinished):
        await served.bus.subscribe(kind, f"test-{uuid.uuid4().hex}", keep)
    return told


async def _are(told: dict[str, str], names: set[str]) -> bool:
    return set(told) == names
