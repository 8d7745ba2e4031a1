"""The objects that make up a video's source, as UploadService lists them."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from typing import TYPE_CHECKING, Final

from svc_transcode.worker.coordinator import asked
from svc_transcode.worker.pieces import Piece
from vidmesh.upload.v1.upload_service_pb2 import GetSourceRequest

if TYPE_CHECKING:
    from vidmesh.upload.v1.upload_service_pb2 import GetSourceResponse
    from vidmesh.upload.v1.upload_service_pb2_grpc import UploadServiceAsyncStub

KEPT: Final = 4
"""Videos whose lists are remembered. A source never changes, it can only go."""


class IncompleteSourceError(Exception):
    """The parts listed are not the whole of the source."""


class Sources:
    """Lists of pieces by video, asked for once."""

    def __init__(self, stub: UploadServiceAsyncStub, bucket: str) -> None:
        self._stub = stub
        self._bucket = bucket
        self._known: OrderedDict[str, tuple[Piece, ...]] = OrderedDict()
        self._turn = asyncio.Lock()

    async def of(self, video_id: str) -> tuple[Piece, ...]:
        """The pieces of a video's source, in order.

        Raises Fault (VIDEO_NOT_FOUND, SOURCE_GONE), IncompleteSourceError, and as `asked`.
        """
        async with self._turn:
            if video_id not in self._known:
                self._known[video_id] = await self._listed(video_id)
                while len(self._known) > KEPT:
                    self._known.popitem(last=False)
            self._known.move_to_end(video_id)
            return self._known[video_id]

    async def _listed(self, video_id: str) -> tuple[Piece, ...]:
        pieces: list[Piece] = []
        token = ""
        while True:
            page = await self._page(video_id, token)
            for listed in page.parts:
                part = listed.part
                if part.number != len(pieces) + 1:
                    raise IncompleteSourceError(f"part {len(pieces) + 1} of {video_id} is not listed")
                pieces.append(Piece(self._bucket, listed.object_key, part.size_bytes, part.sha256.hex()))
            if not page.next_page_token:
                break
            token = page.next_page_token
        if sum(piece.size for piece in pieces) != page.size_bytes:
            raise IncompleteSourceError(f"the parts of {video_id} are not {page.size_bytes} bytes")
        return tuple(pieces)

    async def _page(self, video_id: str, token: str) -> GetSourceResponse:
        request = GetSourceRequest(video_id=video_id, page_token=token)
        return await asked(lambda: self._stub.GetSource(request))
