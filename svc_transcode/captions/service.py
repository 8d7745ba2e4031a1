"""CaptionService: RPC → domain."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any, Final

from mesh.errors import invalid
from mesh.pagination import PageTokens
from mesh.sealing import Sealer
from svc_transcode.captions import domain, messages
from svc_transcode.captions.keeping import Keeping
from svc_transcode.media.captions.cues import CaptionsRefused
from svc_transcode.media.captions.read import read
from svc_transcode.processing import captions
from svc_transcode.processing.store import ProcessingStore
from svc_transcode.processing.viewers import member_of, viewer_of
from vidmesh.common.v1.error_reason_pb2 import ErrorReason
from vidmesh.transcode.v1 import caption_service_pb2 as pb
from vidmesh.transcode.v1.caption_service_pb2_grpc import CaptionServiceServicer

if TYPE_CHECKING:
    from vidmesh.upload.v1.video_service_pb2_grpc import VideoServiceAsyncStub

EXPORT: Final = "caption_export"
TRANSCRIPT: Final = "GetTranscript"
READ_AT_ONCE: Final = 2
"""Files that are read at the same time; each takes up to a second of one core."""
PAGE, MOST_PAGE = 500, 2000
"""Cues."""


class CaptionServicer(CaptionServiceServicer):
    """Captions, for creators and for viewers."""

    def __init__(
        self,
        keeping: Keeping,
        store: ProcessingStore,
        video_service: VideoServiceAsyncStub,
        tokens: PageTokens,
        sealer: Sealer,
    ) -> None:
        self._keeping = keeping
        self._store = store
        self._videos = video_service
        self._tokens = tokens
        self._sealer = sealer
        self._reading = asyncio.Semaphore(READ_AT_ONCE)

    async def UploadCaption(self, request: pb.UploadCaptionRequest, context: Any) -> pb.UploadCaptionResponse:  # noqa: N802
        """See the contract."""
        del context
        await member_of(self._videos, request.video_id)
        try:
            async with self._reading:
                cues = await asyncio.to_thread(read, request.content, messages.FORMATS[request.format])
        except CaptionsRefused as refused:
            raise domain.refusal(refused) from None
        kept = await self._keeping.add(request.video_id, request.language, request.name, cues)
        return pb.UploadCaptionResponse(caption=messages.caption(request.video_id, kept))

    async def ListCaptions(self, request: pb.ListCaptionsRequest, context: Any) -> pb.ListCaptionsResponse:  # noqa: N802
        """See the contract."""
        del context
        viewer = await viewer_of(self._videos, request.video_id)
        head = await self._keeping.head(request.video_id)
        if head is None:
            return pb.ListCaptionsResponse()
        left_out = captions.left_out(head) if viewer.channel_member else ()
        return pb.ListCaptionsResponse(
            captions=[messages.caption(request.video_id, track) for track in head.captions],
            left_out=[messages.left_out(track) for track in left_out],
        )

    async def DeleteCaption(self, request: pb.DeleteCaptionRequest, context: Any) -> pb.DeleteCaptionResponse:  # noqa: N802
        """See the contract."""
        del context
        await member_of(self._videos, request.video_id)
        await self._keeping.remove(request.video_id, request.caption_id)
        return pb.DeleteCaptionResponse()

    async def GetTranscript(self, request: pb.GetTranscriptRequest, context: Any) -> pb.GetTranscriptResponse:  # noqa: N802
        """See the contract."""
        del context
        await viewer_of(self._videos, request.video_id)
        size = self._tokens.page_size(request.page_size, PAGE, MOST_PAGE)
        cursor = self._tokens.open(TRANSCRIPT, request, request.page_token)
        caption, cues = await self._keeping.cues(request.video_id, request.caption_id)
        page = domain.page_of(caption, cues, size, cursor)
        return pb.GetTranscriptResponse(
            caption=messages.caption(request.video_id, caption),
            cues=[messages.cue(said) for said in page.cues],
            next_page_token=self._tokens.seal(TRANSCRIPT, request, page.follows),
        )

    async def ExportCaptions(  # noqa: N802
        self, request: pb.ExportCaptionsRequest, context: Any
    ) -> AsyncIterator[pb.ExportCaptionsResponse]:
        """See the contract."""
        del context
        cursor: bytes | None = None
        if request.cursor:
            cursor = self._sealer.open_bytes(EXPORT, request.cursor)
            if cursor is None:
                raise invalid(
                    ErrorReason.ERROR_REASON_INVALID_CURSOR,
                    "The cursor was not issued for this stream. Start without one.",
                )
        while True:
            # A cursor names the end of a page, so every track of the page carries the one that begins it.
            resume = self._sealer.seal_bytes(EXPORT, cursor) if cursor is not None else b""
            heads, cursor = await self._store.walk_heads(cursor)
            for head in heads:
                for track in head.captions:
                    yield pb.ExportCaptionsResponse(caption=messages.caption(head.video_id, track), cursor=resume)
            if cursor is None:
                return
