"""TranscodeService: RPC → domain."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from mesh.call import current_call
from mesh.errors import Fault, invalid, invalid_field, permission_denied
from mesh.grants import GrantSigner, media_url
from mesh.sealing import Sealer
from svc_transcode.operating.counts import Counts, End
from svc_transcode.processing import outcomes, view
from svc_transcode.processing.advancing import Media
from svc_transcode.processing.beginning import Beginning
from svc_transcode.processing.crews import Crews, Worker
from svc_transcode.processing.dispatching import KINDS
from svc_transcode.processing.earlier import Earlier, Read
from svc_transcode.processing.following import Following
from svc_transcode.processing.ids import JobId
from svc_transcode.processing.model import Head
from svc_transcode.processing.needs import EVERY_WORKER, ability_of, crew_name
from svc_transcode.processing.store import ProcessingStore, Versioned
from svc_transcode.processing.viewers import no_such_video, viewer_of
from svc_transcode.processing.watching import Wakes, Watching
from svc_transcode.processing.working import Working
from vidmesh.common.v1.error_reason_pb2 import ErrorReason
from vidmesh.transcode.v1 import transcode_pb2
from vidmesh.transcode.v1 import transcode_service_pb2 as pb
from vidmesh.transcode.v1.transcode_service_pb2_grpc import TranscodeServiceServicer
from vidmesh.upload.v1 import video_service_pb2 as videos

if TYPE_CHECKING:
    from vidmesh.upload.v1.video_service_pb2_grpc import VideoServiceAsyncStub

CURSOR = "processing_cursor"
EXPORT = "video_file_export"
FILE_URL_LIFETIME = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Rooms:
    """What the service answers from."""

    store: ProcessingStore
    working: Working
    beginning: Beginning
    following: Following
    watching: Watching
    wakes: Wakes
    media: Media
    counts: Counts
    earlier: Earlier
    crews: Crews


class TranscodeServicer(TranscodeServiceServicer):
    """Processing, for creators and for workers."""

    def __init__(self, rooms: Rooms, video_service: VideoServiceAsyncStub, signer: GrantSigner, sealer: Sealer) -> None:
        self._rooms = rooms
        self._videos = video_service
        self._signer = signer
        self._sealer = sealer

    async def GetProcessing(self, request: pb.GetProcessingRequest, context: Any) -> pb.GetProcessingResponse:  # noqa: N802
        """See the contract."""
        del context
        await self._member(request.video_id)
        head = await self._head(request.video_id)
        return pb.GetProcessingResponse(processing=await self._rooms.watching.now(head))

    async def WatchProcessing(  # noqa: N802
        self, request: pb.WatchProcessingRequest, context: Any
    ) -> AsyncIterator[pb.WatchProcessingResponse]:
        """See the contract."""
        del context
        seen = self._opened(request.cursor, request.video_id)
        await self._member(request.video_id)
        await self._head(request.video_id)
        async for processing in self._rooms.watching.follow(request.video_id, seen):
            cursor = self._sealer.seal(CURSOR, f"{request.video_id}:{processing.sequence}".encode())
            yield pb.WatchProcessingResponse(processing=processing, cursor=cursor)

    async def ListVideoFiles(self, request: pb.ListVideoFilesRequest, context: Any) -> pb.ListVideoFilesResponse:  # noqa: N802
        """See the contract."""
        del context
        viewer = await self._member(request.video_id)
        head = (await self._head(request.video_id)).value
        files = view.files(head, await self._rooms.store.tracks(request.video_id))
        if files:
            expires = datetime.now(UTC) + FILE_URL_LIFETIME
            token = self._signer.mint(request.video_id, viewer.access_epoch, expires)
            for file in files:
                file.url = media_url("", token, request.video_id, view.playlist(head, file.quality))
        return pb.ListVideoFilesResponse(files=files)

    async def RetryProcessing(self, request: pb.RetryProcessingRequest, context: Any) -> pb.RetryProcessingResponse:  # noqa: N802
        """See the contract."""
        del context
        await self._member(request.video_id)
        await self._rooms.beginning.retry(request.video_id)
        self._rooms.following.due(request.video_id)
        head = await self._head(request.video_id)
        return pb.RetryProcessingResponse(processing=await self._rooms.watching.now(head))

    async def GetPresentation(self, request: pb.GetPresentationRequest, context: Any) -> pb.GetPresentationResponse:  # noqa: N802
        """See the contract."""
        del context
        head = (await self._head(request.video_id)).value
        tracks = await self._rooms.store.tracks(request.video_id) if head.generation else []
        return view.presentation(head, tracks)

    async def AnnounceWorker(self, request: pb.AnnounceWorkerRequest, context: Any) -> pb.AnnounceWorkerResponse:  # noqa: N802
        """See the contract."""
        del context
        if EVERY_WORKER not in request.encoders:
            raise invalid_field("encoders", f"Every worker needs {EVERY_WORKER}.")
        ability = ability_of(request.encoders, request.memory_bytes)
        worker = Worker(request.name, request.slots, ability, tuple(request.encoders), request.memory_bytes)
        if request.leaving:
            await self._rooms.crews.leave(worker)
        elif await self._rooms.crews.announce(worker):
            self._rooms.following.workers_came()
        return pb.AnnounceWorkerResponse(crew=crew_name(ability))

    async def StartJob(self, request: pb.StartJobRequest, context: Any) -> pb.StartJobResponse:  # noqa: N802
        """See the contract."""
        del context
        job_id = JobId.parse(request.job_id)
        begun = await self._rooms.working.start(job_id, request.attempt, request.worker)
        await self._rooms.wakes.changed(job_id.video_id)
        answer = pb.StartJobResponse(
            spec=begun.spec,
            video_id=job_id.video_id,
            kind=KINDS[begun.job.kind],
            output_path=begun.folder,
            objects=[
                pb.VerifyObject(path=path, size_bytes=file.size, sha256=file.sha256) for path, file in begun.objects
            ],
        )
        found = await self._rooms.earlier.find(job_id.video_id, begun.job, request.encoder)
        if found is not None:
            read = pb.PartsRead(encoder=found.read.encoder, numbers=found.read.numbers, digest=found.read.digest)
            made = found.made
            answer.earlier.CopyFrom(
                pb.EarlierResult(video_id=found.video_id, path=made.folder, result=made.result, read=read)
            )
        return answer

    async def ReportJob(self, request: pb.ReportJobRequest, context: Any) -> pb.ReportJobResponse:  # noqa: N802
        """See the contract."""
        del context
        job_id = JobId.parse(request.job_id)
        await self._rooms.working.report(job_id, request.attempt, request.progress)
        await self._rooms.wakes.changed(job_id.video_id)
        return pb.ReportJobResponse()

    async def FinishJob(self, request: pb.FinishJobRequest, context: Any) -> pb.FinishJobResponse:  # noqa: N802
        """See the contract."""
        del context
        job_id, answer = JobId.parse(request.job_id), pb.FinishJobResponse()
        if request.WhichOneof("outcome") == "result":
            job = await self._rooms.working.succeed(job_id, request.attempt, request.result)
            read = request.parts_read
            await self._rooms.earlier.keep(job_id.video_id, job, Read(read.encoder, tuple(read.numbers), read.digest))
            await self._rooms.counts.count(End.FINISHED, *((End.REUSED,) if request.reused else ()))
            if (job_id.release, request.attempt) != (1, 1):
                # What earlier attempts left behind.
                kept = f"{job_id.folder(job.kind, request.attempt)}/"
                await self._rooms.media.delete_others(job_id.video_id, job_id.outputs(job.kind), kept)
        elif request.WhichOneof("outcome") == "missing_part":
            await self._rooms.working.miss(job_id, request.attempt, request.missing_part.number - 1)
        else:
            reason = transcode_pb2.FailureReason.Name(request.failure.reason or transcode_pb2.FAILURE_REASON_PROCESSING)
            failure = outcomes.plain(reason, request.failure.message)
            wait = await self._rooms.working.fail(job_id, request.attempt, failure, request.failure.permanent)
            if wait is not None:
                answer.retry_after.FromTimedelta(wait)
            # What is given up and not the file's fault counts when its dead letter is read.
            hopeless = wait is None and request.failure.permanent
            await self._rooms.counts.count(End.FAILED, *((End.GIVEN_UP,) if hopeless else ()))
            # A file that is at fault is its creator's matter; a job that keeps failing is the operator's.
            answer.given_up = wait is None and not request.failure.permanent
        self._rooms.following.due(job_id.video_id)
        return answer

    async def ExportVideoFiles(  # noqa: N802
        self, request: pb.ExportVideoFilesRequest, context: Any
    ) -> AsyncIterator[pb.ExportVideoFilesResponse]:
        """See the contract."""
        del context
        cursor: bytes | None = None
        if request.cursor:
            cursor = self._sealer.open_bytes(EXPORT, request.cursor)
            if cursor is None:
                raise _bad_cursor()
        while True:
            # A cursor names the end of a page, so every file of the page carries the one that begins it.
            resume = self._sealer.seal_bytes(EXPORT, cursor) if cursor is not None else b""
            found, cursor = await self._rooms.store.walk_tracks(cursor)
            for video_id, track in found:
                head = await self._rooms.store.head(video_id)
                for file in view.files(head.value, [track]) if head else ():
                    yield pb.ExportVideoFilesResponse(file=file, cursor=resume)
            if cursor is None:
                return

    async def _head(self, video_id: str) -> Versioned[Head]:
        head = await self._rooms.store.head(video_id)
        if head is None:
            raise no_such_video(video_id)
        return head

    async def _member(self, video_id: str) -> videos.CheckViewerResponse:
        """Raises VIDEO_NOT_FOUND where the caller may not see the video, PERMISSION_DENIED where it is another's."""
        viewer = await viewer_of(self._videos, video_id)
        if not (viewer.channel_member or current_call().caller.is_administrator):
            raise permission_denied("Only the channel's people may do this.", relation="channel_member")
        return viewer

    def _opened(self, cursor: str, video_id: str) -> int:
        if not cursor:
            return 0
        payload = self._sealer.open(CURSOR, cursor)
        owner, _, sequence = (payload or b"").decode().rpartition(":")
        if owner != video_id or not sequence.isdecimal():
            raise _bad_cursor()
        return int(sequence)


def _bad_cursor() -> Fault:
    return invalid(
        ErrorReason.ERROR_REASON_INVALID_CURSOR, "The cursor was not issued for this stream. Start without one."
    )
