"""A worker's surroundings: real bus, real object store, and of its two neighbours as much as it asks them."""

from __future__ import annotations

import asyncio
import hashlib
import itertools
import json
import os
import subprocess
import sys
import uuid
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any, Final, Self

from mesh.bus import JobQueue
from mesh.errors import aborted, not_found
from mesh.hosting import Hosted
from mesh.objects import Objects
from mesh.testing.servers import NatsServer, WeedServer
from mesh.testing.serving import TestMesh
from svc_transcode.media import jobs as media
from svc_transcode.media.info import SourceInfo
from svc_transcode.media.ladder import Rung
from svc_transcode.worker.arguments import Choice
from svc_transcode.worker.program import work
from vidmesh.common.v1.error_reason_pb2 import ErrorReason
from vidmesh.transcode.v1.transcode_events_pb2 import TranscodeJob
from vidmesh.transcode.v1.transcode_pb2 import JobKind
from vidmesh.transcode.v1.transcode_service_pb2 import (
    AnnounceWorkerRequest,
    AnnounceWorkerResponse,
    EarlierResult,
    FinishJobRequest,
    FinishJobResponse,
    ReportJobRequest,
    ReportJobResponse,
    StartJobRequest,
    StartJobResponse,
    VerifyObject,
)
from vidmesh.transcode.v1.transcode_service_pb2_grpc import (
    TranscodeServiceServicer,
    add_TranscodeServiceServicer_to_server,
)
from vidmesh.upload.v1.upload_pb2 import Part, PartRun
from vidmesh.upload.v1.upload_service_pb2 import GetSourceRequest, GetSourceResponse, SourcePart
from vidmesh.upload.v1.upload_service_pb2_grpc import UploadServiceServicer, add_UploadServiceServicer_to_server

VIDEO: Final = "bunnyBunny1"
NO_SOURCE: Final = media.Source(())
PAGE: Final = 2
CREW: Final = "those-here"


@dataclass
class Assignment:
    """A job as TranscodeService sees it, and everything that workers said of it."""

    response: StartJobResponse
    retry_after: timedelta | None = None
    """What a failure is answered with."""
    fenced: bool = False
    started: list[StartJobRequest] = field(default_factory=list[StartJobRequest])
    reports: list[ReportJobRequest] = field(default_factory=list[ReportJobRequest])
    ends: list[FinishJobRequest] = field(default_factory=list[FinishJobRequest])

    @property
    def ended(self) -> bool:
        return bool(self.ends)


class Desk(TranscodeServiceServicer):
    """TranscodeService's side of jobs: hands out, fences, takes back."""

    def __init__(self) -> None:
        self.jobs: dict[str, Assignment] = {}
        self.announced: list[AnnounceWorkerRequest] = []
        self.changed = asyncio.Condition()
        self.finishing = asyncio.Event()
        """Cleared: nothing can be finished for now."""
        self.finishing.set()

    async def AnnounceWorker(self, request: AnnounceWorkerRequest, context: Any) -> AnnounceWorkerResponse:
        self.announced.append(request)
        await self._tell()
        return AnnounceWorkerResponse(crew=CREW)

    async def StartJob(self, request: StartJobRequest, context: Any) -> StartJobResponse:
        job = self._job(request.job_id, request.attempt)
        job.started.append(request)
        await self._tell()
        answer = StartJobResponse()
        answer.CopyFrom(job.response)
        answer.output_path = f"s/{request.job_id.partition('~')[0]}.{request.attempt}"
        return answer

    async def ReportJob(self, request: ReportJobRequest, context: Any) -> ReportJobResponse:
        job = self._job(request.job_id, request.attempt)
        job.reports.append(request)
        await self._tell()
        return ReportJobResponse()

    async def FinishJob(self, request: FinishJobRequest, context: Any) -> FinishJobResponse:
        await self.finishing.wait()
        job = self._job(request.job_id, request.attempt)
        job.ends.append(request)
        await self._tell()
        answer = FinishJobResponse()
        if request.HasField("failure") and job.retry_after is not None:
            answer.retry_after.FromTimedelta(job.retry_after)
        return answer

    async def until(self, condition: Callable[[], bool], seconds: float = 120) -> None:
        """Waits for something that a call brings about."""
        async with asyncio.timeout(seconds), self.changed:
            await self.changed.wait_for(condition)

    def _job(self, job_id: str, attempt: int) -> Assignment:
        job = self.jobs.get(job_id)
        if job is None:
            raise not_found(ErrorReason.ERROR_REASON_JOB_NOT_FOUND, "There is no such job.")
        if job.fenced or any(start.attempt > attempt for start in job.started):
            raise aborted(ErrorReason.ERROR_REASON_JOB_FENCED, "In other hands.")
        return job

    async def _tell(self) -> None:
        async with self.changed:
            self.changed.notify_all()


class Library(UploadServiceServicer):
    """UploadService's GetSource, in short pages."""

    def __init__(self) -> None:
        self.sources: dict[str, list[SourcePart]] = {}
        self.arrived: dict[str, set[int]] = {}
        """Of sources that are still being uploaded, the numbers of the parts that are there."""
        self.asked = 0

    async def GetSource(self, request: GetSourceRequest, context: Any) -> GetSourceResponse:
        self.asked += 1
        parts = self.sources.get(request.video_id)
        if parts is None:
            raise not_found(ErrorReason.ERROR_REASON_VIDEO_NOT_FOUND, "There is no such video.")
        there = [one for one in parts if self._shown(request, one.part)]
        at = int(request.page_token or 0)
        return GetSourceResponse(
            size_bytes=sum(one.part.size_bytes for one in parts),
            parts=there[at : at + PAGE],
            next_page_token=str(at + PAGE) if at + PAGE < len(there) else "",
            complete=request.video_id not in self.arrived,
            layout=[PartRun(first_number=n, count=1, size_bytes=one.part.size_bytes) for n, one in enumerate(parts, 1)],
        )

    def _shown(self, request: GetSourceRequest, part: Part) -> bool:
        there = self.arrived.get(request.video_id)
        return part.number >= request.first_number and (there is None or part.number in there)


class Rig:
    """Everything around a worker."""

    def __init__(self, mesh: TestMesh, objects: Objects, queue: JobQueue[TranscodeJob], folder: Path) -> None:
        self.mesh = mesh
        self.objects = objects
        self.desk = Desk()  # pyright: ignore[reportAbstractUsage] (the other methods are not asked here)
        self.library = Library()  # pyright: ignore[reportAbstractUsage]
        self.folder = folder
        self._queue = queue
        self._ends = AsyncExitStack()

    async def __aenter__(self) -> Self:
        desk = Hosted(
            name="vidmesh.transcode.v1.TranscodeService", servicer=self.desk, add=add_TranscodeServiceServicer_to_server
        )
        library = Hosted(
            name="vidmesh.upload.v1.UploadService", servicer=self.library, add=add_UploadServiceServicer_to_server
        )
        await self.mesh.serve(await self.mesh.runtime("svc_transcode"), [desk])
        await self.mesh.serve(await self.mesh.runtime("svc_upload"), [library])
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._ends.aclose()

    @property
    def source_bucket(self) -> str:
        return self.mesh.settings.objects.source_bucket

    @property
    def media_bucket(self) -> str:
        return self.mesh.settings.objects.media_bucket

    @property
    def scratch(self) -> Path:
        return self.folder / "scratch"

    async def worker(self, name: str = "w", slots: int = 1) -> asyncio.Event:
        """Begins to work in this process; setting the event ends it."""
        runtime = await self.mesh.runtime("worker")
        task = asyncio.create_task(work(Choice(slots, name, self.scratch, 1 << 30, None), runtime))

        async def end() -> None:
            runtime.draining.set()
            await task

        self._ends.push_async_callback(end)
        return runtime.draining

    def process(self, name: str) -> subprocess.Popen[bytes]:
        """A worker as a process of its own, killed at the end."""
        settings = self.mesh.settings
        config = self.folder / "config.toml"
        config.write_text(
            f"data = {json.dumps(settings.data)}\n"
            f"[services]\n{_lines(settings.services)}"
            f"[identity]\n{_lines({'service_secret': 's' * 40, 'sealing_secret': 't' * 40})}"
            f"[bus]\n{_lines({'url': settings.bus.url})}"
            f"[objects]\n{_lines(_plain(settings.objects))}"
        )
        arguments = ("--name", name, "--scratch", str(self.scratch), "--config", str(config))
        environment = {key: value for key, value in os.environ.items() if not key.startswith("VIDMESH_")}
        log = (self.folder / f"{name}.log").open("wb")
        self._ends.callback(log.close)
        process = subprocess.Popen(
            (sys.executable, "-m", "svc_transcode.worker", *arguments), stderr=log, env=environment
        )

        def end() -> None:
            process.kill()
            process.wait()

        self._ends.callback(end)
        return process

    async def put_source(self, content: bytes, video_id: str = VIDEO, cuts: tuple[int, ...] = ()) -> None:
        """Stores a file as the parts that begin at 0 and at each of `cuts`."""
        edges = [0, *cuts, len(content)]
        parts: list[SourcePart] = []
        for number, (start, end) in enumerate(itertools.pairwise(edges), 1):
            piece = content[start:end]
            digest = hashlib.sha256(piece)
            key = f"u/{video_id}/{number}-{digest.hexdigest()}"
            await self.objects.put(self.source_bucket, key, piece)
            part = Part(number=number, offset_bytes=start, size_bytes=len(piece), sha256=digest.digest())
            parts.append(SourcePart(part=part, object_key=key))
        self.library.sources[video_id] = parts

    async def submit(
        self,
        name: str,
        job: media.Job,
        *,
        video_id: str = VIDEO,
        objects: tuple[VerifyObject, ...] = (),
        retry_after: timedelta | None = None,
        earlier: EarlierResult | None = None,
        crew: str = CREW,
    ) -> Assignment:
        """Puts a job into the queue; its outputs go to "s/<name>.<attempt>"."""
        # The bus takes a job of the same id for a repetition.
        job_id = f"{name}~{uuid.uuid4().hex}"
        kind = JobKind.Value(f"JOB_KIND_{job.kind.upper()}")
        spec = "" if isinstance(job, media.VerifyJob) else media.to_json(media.JOB, job)
        response = StartJobResponse(spec=spec, video_id=video_id, kind=kind, objects=objects, earlier=earlier)
        assignment = self.desk.jobs[job_id] = Assignment(response, retry_after)
        await self._queue.submit(TranscodeJob(job_id=job_id, video_id=video_id, kind=kind, crew=crew), job_id)
        return assignment

    async def end_of(self, assignment: Assignment) -> FinishJobRequest:
        """How the job ended."""
        await self.desk.until(lambda: assignment.ended)
        return assignment.ends[-1]

    async def result_of(self, assignment: Assignment) -> media.Result:
        """What the job made; fails where it failed."""
        end = await self.end_of(assignment)
        assert end.WhichOneof("outcome") == "result", end
        return media.from_json(media.RESULT, end.result)

    async def stored(self, prefix: str) -> set[str]:
        """The keys of the media objects under a prefix, without it."""
        page = await self.objects.list(self.media_bucket, prefix)
        return {found.key.removeprefix(prefix) for found in page.objects}


def video_job(info: SourceInfo, *rungs: Rung, preset: str = "ultrafast") -> media.VideoJob:
    """The whole of a short source."""
    return media.VideoJob(NO_SOURCE, info, Fraction(0), None, rungs, preset=preset)


def _plain(settings: Any) -> dict[str, str]:
    return settings.model_dump() | {"secret_key": settings.secret_key.get_secret_value()}


def _lines(values: dict[str, str]) -> str:
    return "".join(f"{key} = {json.dumps(value)}\n" for key, value in values.items())


def overrides(nats: NatsServer, weed: WeedServer) -> dict[str, Any]:
    """Settings that lead to real servers."""
    return {"bus": {"url": nats.url}, "objects": _plain(weed.settings)}
