"""svc_transcode as it runs, a worker that says what it is told to say, and the neighbour who knows the viewers."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import grpc.aio
from google.protobuf.message import Message

from mesh.bus import Bus, Event, JobQueue
from mesh.bus.model import Backoff, Done, Drop, Job, Outcome, Retry
from mesh.bus.tracing import inject_trace
from mesh.call import current_call
from mesh.config import merged
from mesh.errors import not_found
from mesh.hosting import Hosted
from mesh.ids import uuid7
from mesh.objects import Objects
from mesh.statuses import fault_in
from mesh.tables import Tables, Unavailable
from mesh.telemetry import Telemetry
from mesh.testing.servers import NatsServer, WeedServer
from mesh.testing.serving import Metadata, TestMesh
from svc_transcode.media import jobs as media
from svc_transcode.media.info import SourceInfo
from svc_transcode.processing.needs import ANYBODY
from svc_transcode.server import assemble
from tests.contract import answers
from vidmesh.common.v1.error_reason_pb2 import ErrorReason
from vidmesh.transcode.v1.transcode_events_pb2 import TranscodeJob
from vidmesh.transcode.v1.transcode_pb2 import Processing
from vidmesh.transcode.v1.transcode_service_pb2 import (
    AnnounceWorkerRequest,
    FinishJobRequest,
    GetPresentationRequest,
    GetPresentationResponse,
    GetProcessingRequest,
    JobFailure,
    StartJobRequest,
    StartJobResponse,
)
from vidmesh.transcode.v1.transcode_service_pb2_grpc import TranscodeServiceStub
from vidmesh.upload.v1.upload_events_pb2 import PartsConfirmed, UploadCompleted, VideoPurged
from vidmesh.upload.v1.upload_pb2 import Part, PartRun
from vidmesh.upload.v1.upload_service_pb2 import GetSourceRequest, GetSourceResponse, SourcePart
from vidmesh.upload.v1.upload_service_pb2_grpc import UploadServiceServicer, add_UploadServiceServicer_to_server
from vidmesh.upload.v1.video_pb2 import PROCESSING_STATE_FAILED, PROCESSING_STATE_PROCESSED, Video
from vidmesh.upload.v1.video_service_pb2 import CheckViewerRequest, CheckViewerResponse
from vidmesh.upload.v1.video_service_pb2_grpc import VideoServiceServicer, add_VideoServiceServicer_to_server

from .plausible import plausible

if TYPE_CHECKING:
    from vidmesh.transcode.v1.transcode_service_pb2_grpc import TranscodeServiceAsyncStub

ATTEMPTS = 2
"""Of a job, so that a test need not wait long."""

ENDED = {PROCESSING_STATE_PROCESSED, PROCESSING_STATE_FAILED}


async def eventually(condition: Callable[[], Awaitable[Any]], seconds: float = 90) -> Any:
    """As `answers.eventually`, within 15 s."""
    return await answers.eventually(condition, seconds)


Answer = media.Result | JobFailure | None
"""What a worker tells; None: it dies without a word."""


class CrashingTables:
    """Lets `left` more writes through and fails every one behind them, as if the process had died there."""

    def __init__(self, tables: Tables) -> None:
        self.below = tables
        self.left: int | None = None
        self.crashed = asyncio.Event()

    def __getattr__(self, name: str) -> Any:
        method = getattr(self.below, name)
        if name not in {"put", "insert", "update", "commit", "delete", "delete_partition"}:
            return method

        async def write(*arguments: Any, **named: Any) -> Any:
            if self.left is not None:
                if self.left == 0:
                    self.crashed.set()
                    raise Unavailable("the process died here")
                self.left -= 1
            return await method(*arguments, **named)

        return write


@dataclass
class Viewers(VideoServiceServicer):
    """VideoService as far as TranscodeService asks it."""

    owner: str
    public: set[str] = field(default_factory=set[str])

    def hosted(self) -> Hosted:
        return Hosted(name="vidmesh.upload.v1.VideoService", servicer=self, add=add_VideoServiceServicer_to_server)

    async def CheckViewer(self, request: CheckViewerRequest, context: Any) -> CheckViewerResponse:
        del context
        caller = current_call().caller
        member = caller.account_id_or_none == self.owner
        if not member and not caller.is_administrator and request.video_id not in self.public:
            raise not_found(ErrorReason.ERROR_REASON_VIDEO_NOT_FOUND, "There is no such video.")
        return CheckViewerResponse(video=Video(video_id=request.video_id), channel_member=member, access_epoch=3)


@dataclass
class Upload:
    """A file on its way: parts of 10 bytes, one for each second of `source`."""

    channel_id: str
    parts: int
    arrived: set[int] = field(default_factory=set[int])
    """Numbers of parts."""
    complete: bool = False


class Library(UploadServiceServicer):
    """UploadService as far as TranscodeService asks it."""

    def __init__(self) -> None:
        self.uploads: dict[str, Upload] = {}
        """By video."""
        self.asked: list[int] = []
        """From which part on."""

    def hosted(self) -> Hosted:
        return Hosted(name="vidmesh.upload.v1.UploadService", servicer=self, add=add_UploadServiceServicer_to_server)

    async def GetSource(self, request: GetSourceRequest, context: Any) -> GetSourceResponse:
        del context
        self.asked.append(request.first_number)
        upload = self.uploads.get(request.video_id)
        if upload is None:
            raise not_found(ErrorReason.ERROR_REASON_VIDEO_NOT_FOUND, "There is no such video.")
        return GetSourceResponse(
            size_bytes=10 * upload.parts,
            channel_id=upload.channel_id,
            parts=[
                SourcePart(part=Part(number=number, size_bytes=10))
                for number in sorted(upload.arrived)
                if number >= request.first_number
            ],
            complete=upload.complete,
            layout=[PartRun(first_number=1, count=upload.parts, size_bytes=10)],
        )


@dataclass
class Served:
    """The running service and everybody around it."""

    mesh: TestMesh
    service: TranscodeServiceAsyncStub
    bus: Bus
    objects: Objects
    tables: CrashingTables
    viewers: Viewers
    library: Library
    owner: str
    done: list[str] = field(default_factory=list[str])
    """The jobs that its worker began, in order, as "name#attempt"."""
    crews: dict[str, str] = field(default_factory=dict[str, str])
    """Of each of them, whom the bus gave it to."""

    @property
    def me(self) -> Metadata:
        return self.mesh.signed_in(self.owner)

    @property
    def worker(self) -> Metadata:
        """A worker's call, which belongs to the trace that the worker is in."""
        trace: dict[str, str] = {}
        inject_trace(trace)
        return (*self.mesh.as_service("worker"), *trace.items())

    async def announce(self, name: str, *encoders: str, memory: int = 0, slots: int = 1, leaving: bool = False) -> str:
        """A worker says what it can do; its crew."""
        request = AnnounceWorkerRequest(name=name, slots=slots, encoders=encoders, memory_bytes=memory, leaving=leaving)
        return (await self.service.AnnounceWorker(request, metadata=self.worker)).crew

    @asynccontextmanager
    async def present(self, name: str, *encoders: str) -> AsyncGenerator[str]:
        """A worker that says again and again that it is there, while the block runs; its crew."""

        async def go_on() -> None:
            while True:
                await asyncio.sleep(2)
                await self.announce(name, *encoders)

        crew = await self.announce(name, *encoders)
        going_on = asyncio.create_task(go_on())
        try:
            yield crew
        finally:
            going_on.cancel()
            await asyncio.gather(going_on, return_exceptions=True)
            await self.announce(name, *encoders, leaving=True)

    async def upload(self, video_id: str | None = None, channel_id: str | None = None) -> str:
        """A file is complete; its video."""
        video_id = video_id or new_video_id()
        told = UploadCompleted(video_id=video_id, upload_id=uuid7(), channel_id=channel_id or uuid7(), size_bytes=1000)
        await self.bus.publish(told, str(uuid.uuid4()))
        return video_id

    async def begin(self, parts: int) -> str:
        """An upload of so many parts is begun; its video."""
        video_id = new_video_id()
        self.library.uploads[video_id] = Upload(uuid7(), parts)
        return video_id

    async def arrive(self, video_id: str, *numbers: int, wake: bool = True) -> None:
        """Parts are confirmed."""
        self.library.uploads[video_id].arrived |= set(numbers)
        if wake:
            await self.bus.publish(PartsConfirmed(video_id=video_id, upload_id=uuid7()))

    async def complete(self, video_id: str) -> None:
        """CompleteUpload."""
        upload = self.library.uploads[video_id]
        upload.complete = True
        await self.upload(video_id, upload.channel_id)

    async def abort(self, video_id: str) -> None:
        """AbortUpload, and what follows from it."""
        upload = self.library.uploads.pop(video_id)
        await self.bus.publish(VideoPurged(video_id=video_id, channel_id=upload.channel_id), str(uuid.uuid4()))

    async def processing(self, video_id: str) -> Processing:
        request = GetProcessingRequest(video_id=video_id)
        return (await self.service.GetProcessing(request, metadata=self.me)).processing

    async def ended(self, video_id: str, seconds: float = 60) -> Processing:
        """How processing ended."""

        async def look() -> Processing | None:
            try:
                found = await self.processing(video_id)
            except grpc.aio.AioRpcError:
                return None
            return found if found.state in ENDED else None

        return await eventually(look, seconds)

    async def presented(self, video_id: str) -> GetPresentationResponse | None:
        """What svc_playback is told; None while nobody has heard of the upload."""
        request = GetPresentationRequest(video_id=video_id)
        try:
            return await self.service.GetPresentation(request, metadata=self.mesh.as_service("svc_playback"))
        except grpc.aio.AioRpcError as error:
            if error.code() is not grpc.StatusCode.NOT_FOUND:
                raise
            return None

    async def storyboard(self, video_id: str) -> str:
        """Path of its storyboard, once there is one."""

        async def look() -> str:
            shown = await self.presented(video_id)
            return shown.storyboard_path if shown is not None else ""

        return await eventually(look)

    async def start(self, job_id: str, attempt: int = 1) -> StartJobResponse:
        """StartJob, once the job is out."""

        async def begin() -> StartJobResponse | None:
            try:
                return await self.service.StartJob(
                    StartJobRequest(job_id=job_id, attempt=attempt, worker="by hand"), metadata=self.worker
                )
            except grpc.aio.AioRpcError:
                return None

        return await eventually(begin)

    async def finish(self, job_id: str, attempt: int, answer: media.Result | JobFailure) -> timedelta | None:
        """FinishJob: how long to wait after a failure."""
        request = FinishJobRequest(job_id=job_id, attempt=attempt)
        if isinstance(answer, JobFailure):
            request.failure.CopyFrom(answer)
        else:
            request.result = media.to_json(media.RESULT, cast("Any", answer))
        told = await self.service.FinishJob(request, metadata=self.worker)
        return told.retry_after.ToTimedelta() if told.HasField("retry_after") else None

    async def do(self, job_id: str, info: SourceInfo, attempt: int = 1) -> StartJobResponse:
        """Begin and finish a job by hand."""
        begun = await self.start(job_id, attempt)
        await self.finish(job_id, attempt, plausible(begun, info))
        return begun

    @asynccontextmanager
    async def working(
        self,
        info: SourceInfo,
        say: Callable[[str, StartJobResponse], Answer | str] = lambda _job, _begun: "as usual",
        *,
        attempts: int = ATTEMPTS,
        crew: str = ANYBODY,
    ) -> AsyncGenerator[None]:
        """A worker takes the jobs of a crew while the block runs. `say` decides by the job's name; "as
        usual": it succeeds.
        """
        queue = JobQueue(
            self.bus,
            TranscodeJob,
            max_attempts=attempts,
            backoff=Backoff(timedelta(milliseconds=20)),
            only={"crew": crew},
        )

        async def handle(job: Job[TranscodeJob]) -> Outcome:
            job_id, name = job.message.job_id, job.message.job_id.split("~")[1]
            request = StartJobRequest(job_id=job_id, attempt=job.attempt, worker="a worker/0")
            try:
                begun = await self.service.StartJob(request, metadata=self.worker)
                self.done.append(f"{name}#{job.attempt}")
                self.crews[name] = job.message.crew
                said = say(name, begun)
                answer = plausible(begun, info) if isinstance(said, str) else said
                if answer is None:
                    return Retry(timedelta(milliseconds=10))
                wait = await self.finish(job_id, job.attempt, answer)
            except grpc.aio.AioRpcError as error:
                fault = fault_in(error)
                dropped = fault is not None and fault.reason_name in {"JOB_FENCED", "JOB_NOT_FOUND"}
                return Drop() if dropped else Retry(timedelta(milliseconds=200))
            return Done() if wait is None else Retry(wait)

        working = asyncio.create_task(queue.work(handle, slots=4))
        try:
            yield
        finally:
            working.cancel()
            await asyncio.gather(working, return_exceptions=True)

    async def heard(self, kind: type[Message], video_id: str) -> list[Any]:
        """Listens to facts of a type about a video from the first on; the list grows, each fact once."""
        found: dict[str, Any] = {}
        messages: list[Any] = []

        async def keep(event: Event[Any]) -> None:
            if event.message.video_id == video_id and event.id not in found:
                found[event.id] = event.message
                messages.append(event.message)

        await self.bus.subscribe(kind, f"test-{uuid.uuid4().hex}", keep)
        return messages

    async def stored(self, video_id: str) -> list[str]:
        """The keys of a video's objects, after its prefix."""
        prefix = f"v/{video_id}/"
        page = await self.objects.list(self.mesh.settings.objects.media_bucket, prefix)
        return [found.key.removeprefix(prefix) for found in page.objects]


def new_video_id() -> str:
    """Like a video's."""
    return uuid.uuid4().hex[:11]


@asynccontextmanager
async def serving(
    folder: Path,
    nats: NatsServer,
    weed: WeedServer,
    owner: str,
    overrides: Mapping[str, Any] | None = None,
    telemetry: Telemetry | None = None,
) -> AsyncGenerator[Served]:
    """The service on the data in `folder`, until the block ends."""
    settings: dict[str, Any] = {
        "bus": {"url": nats.url},
        "objects": weed.settings.model_dump() | {"secret_key": weed.settings.secret_key.get_secret_value()},
        "tables": {"url": f"sqlite://{folder}/tables/{{service}}.db"},
        "transcode": {"max_attempts": ATTEMPTS},
    }
    async with TestMesh(folder, merged(settings, overrides or {})) as mesh:
        viewers = Viewers(owner)  # pyright: ignore[reportAbstractUsage] (the other methods are not asked here)
        library = Library()  # pyright: ignore[reportAbstractUsage]
        await mesh.serve(await mesh.runtime("svc_upload"), [viewers.hosted(), library.hosted()])
        runtime = await mesh.runtime("svc_transcode", telemetry)
        opened = runtime.tables
        kept: list[CrashingTables] = []

        async def tables(schema: Any) -> Any:
            kept.append(CrashingTables(await opened(schema)))
            return kept[0]

        cast("Any", runtime).tables = tables
        await mesh.serve(runtime, await assemble(runtime))
        yield Served(
            mesh=mesh,
            service=TranscodeServiceStub(mesh.outside("svc_transcode")),
            bus=await runtime.bus(),
            objects=await runtime.objects(),
            tables=kept[0],
            viewers=viewers,
            library=library,
            owner=owner,
        )
