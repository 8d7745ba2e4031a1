"""UploadService: from calls to rules and back."""

# ruff: noqa: N802, ARG002 (gRPC names the methods and hands each a context)

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final

from mesh.call import current_call
from mesh.errors import precondition
from mesh.pagination import PageTokens
from svc_upload.membership import Membership
from svc_upload.uploads.creating import Creating
from svc_upload.uploads.domain import UploadRecord
from svc_upload.uploads.ending import Ending
from svc_upload.uploads.messages import layout_messages, part_message, source_messages, upload_message
from svc_upload.uploads.receiving import Receiving, Ticket, upload_not_found
from svc_upload.uploads.store import UploadStore
from svc_upload.videos.messages import video_message
from svc_upload.videos.pictures import Pictures
from svc_upload.videos.store import VideoStore
from svc_upload.videos.viewing import video_not_found
from vidmesh.common.v1.error_reason_pb2 import ErrorReason
from vidmesh.upload.v1.upload_pb2 import UploadState
from vidmesh.upload.v1.upload_service_pb2 import (
    AbortUploadRequest,
    AbortUploadResponse,
    CompleteUploadRequest,
    CompleteUploadResponse,
    ConfirmPartsRequest,
    ConfirmPartsResponse,
    CreateUploadRequest,
    CreateUploadResponse,
    GetSourceRequest,
    GetSourceResponse,
    GetUploadRequest,
    GetUploadResponse,
    ListPartsRequest,
    ListPartsResponse,
    SignedPart,
    SignPartsRequest,
    SignPartsResponse,
)
from vidmesh.upload.v1.upload_service_pb2_grpc import UploadServiceServicer
from vidmesh.upload.v1.video_pb2 import Video

LIST_PARTS: Final = "/vidmesh.upload.v1.UploadService/ListParts"
GET_SOURCE: Final = "/vidmesh.upload.v1.UploadService/GetSource"


class UploadServicer(UploadServiceServicer):
    """Resumable upload; the contract is in upload_service.proto."""

    def __init__(
        self,
        uploads: UploadStore,
        videos: VideoStore,
        creating: Creating,
        receiving: Receiving,
        ending: Ending,
        membership: Membership,
        pictures: Pictures,
        page_tokens: PageTokens,
    ) -> None:
        self._uploads = uploads
        self._videos = videos
        self._creating = creating
        self._receiving = receiving
        self._ending = ending
        self._membership = membership
        self._pictures = pictures
        self._page_tokens = page_tokens

    async def CreateUpload(self, request: CreateUploadRequest, context: Any) -> CreateUploadResponse:
        account_id = current_call().caller.account_id
        await self._membership.require(request.channel_id, account_id)
        upload = await self._creating.create(account_id, request)
        return CreateUploadResponse(upload=upload_message(upload), video=await self._video(upload))

    async def GetUpload(self, request: GetUploadRequest, context: Any) -> GetUploadResponse:
        return GetUploadResponse(upload=upload_message(await self._own(request.upload_id)))

    async def ListParts(self, request: ListPartsRequest, context: Any) -> ListPartsResponse:
        upload = await self._own(request.upload_id)
        page = await self._uploads.parts(
            upload.upload_id,
            limit=self._page_tokens.page_size(request.page_size, default=100, most=1000),
            cursor=self._page_tokens.open(LIST_PARTS, request, request.page_token),
        )
        return ListPartsResponse(
            parts=[part_message(upload, part) for part in page.parts],
            next_page_token=self._page_tokens.seal(LIST_PARTS, request, page.cursor),
        )

    async def SignParts(self, request: SignPartsRequest, context: Any) -> SignPartsResponse:
        upload = await self._own(request.upload_id)
        await self._receiving.require_space(sum(part.size_bytes for part in request.parts))
        tickets = [self._receiving.sign(upload, part.number, part.size_bytes, part.sha256) for part in request.parts]
        return SignPartsResponse(parts=[_signed(ticket) for ticket in tickets])

    async def ConfirmParts(self, request: ConfirmPartsRequest, context: Any) -> ConfirmPartsResponse:
        upload = await self._own(request.upload_id)
        upload = await self._receiving.confirm(upload, [(part.number, part.sha256) for part in request.parts])
        return ConfirmPartsResponse(upload=upload_message(upload))

    async def CompleteUpload(self, request: CompleteUploadRequest, context: Any) -> CompleteUploadResponse:
        upload = await self._ending.complete(await self._own(request.upload_id), request.digest)
        return CompleteUploadResponse(upload=upload_message(upload), video=await self._video(upload))

    async def AbortUpload(self, request: AbortUploadRequest, context: Any) -> AbortUploadResponse:
        await self._ending.abort(await self._own(request.upload_id))
        return AbortUploadResponse()

    async def GetSource(self, request: GetSourceRequest, context: Any) -> GetSourceResponse:
        record = await self._videos.get(request.video_id)
        if record is None or record.purging:
            raise video_not_found()
        upload = await self._uploads.get(record.upload_id)
        if upload is None or upload.source_gone:
            raise precondition(
                ErrorReason.ERROR_REASON_SOURCE_GONE, "The source is no longer kept. Upload the file again."
            )
        page = await self._uploads.parts(
            upload.upload_id,
            limit=self._page_tokens.page_size(request.page_size, default=1000, most=1000),
            cursor=self._page_tokens.open(GET_SOURCE, request, request.page_token),
            first=request.first_number,
        )
        return GetSourceResponse(
            size_bytes=upload.size_bytes,
            digest=upload.digest,
            channel_id=upload.channel_id,
            parts=source_messages(upload, page.parts),
            next_page_token=self._page_tokens.seal(GET_SOURCE, request, page.cursor),
            complete=upload.state == UploadState.UPLOAD_STATE_COMPLETED,
            layout=layout_messages(upload.layout),
        )

    async def _own(self, upload_id: str) -> UploadRecord:
        """The upload, for the people of its channel; to others there is none."""
        upload = await self._uploads.get(upload_id)
        if upload is None or not await self._membership.is_member(upload.channel_id, current_call().caller.account_id):
            raise upload_not_found()
        return upload

    async def _video(self, upload: UploadRecord) -> Video | None:
        record = await self._videos.get(upload.video_id)
        if record is None or record.purging:
            return None
        return video_message(record, self._pictures, member=True, now=datetime.now(UTC))


def _signed(ticket: Ticket) -> SignedPart:
    part = SignedPart(number=ticket.number, url=ticket.url, headers=ticket.headers)
    part.expire_time.FromDatetime(ticket.expire_time)
    return part
