"""The objects that make up a video's source, as UploadService lists them."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from svc_transcode.worker.coordinator import asked
from svc_transcode.worker.pieces import Piece
from vidmesh.upload.v1.upload_service_pb2 import GetSourceRequest

if TYPE_CHECKING:
    from vidmesh.upload.v1.upload_service_pb2 import GetSourceResponse
    from vidmesh.upload.v1.upload_service_pb2_grpc import UploadServiceAsyncStub

KEPT: Final = 4
"""Videos whose lists are remembered. What is listed never changes: parts can be added, and the whole can go."""


class IncompleteSourceError(Exception):
    """The parts listed are not the whole of a source whose upload is complete."""


@dataclass(frozen=True, slots=True)
class Source:
    """A source as it stood when it was listed."""

    sizes: tuple[int, ...]
    """Bytes of every part, whether it is there or not."""
    pieces: Mapping[int, Piece]
    """By index, from 0: the parts that are there."""
    complete: bool
    """The upload is complete, and so are the pieces."""

    @property
    def first_missing(self) -> int:
        """Index of the first part that is not there."""
        return next((index for index in range(len(self.sizes)) if index not in self.pieces), len(self.sizes))


class Sources:
    """Lists of pieces by video, asked for once, and again for what had not arrived then."""

    def __init__(self, stub: UploadServiceAsyncStub, bucket: str) -> None:
        self._stub = stub
        self._bucket = bucket
        self._known: OrderedDict[str, Source] = OrderedDict()
        self._turn = asyncio.Lock()

    async def of(self, video_id: str) -> Source:
        """The source of a video.

        Raises Fault (VIDEO_NOT_FOUND, SOURCE_GONE), IncompleteSourceError, and as `asked`.
        """
        async with self._turn:
            return self._known.get(video_id) or await self._listed(video_id, None)

    async def piece(self, video_id: str, index: int) -> Piece | None:
        """One part, looked for anew unless it is known; None where it has not arrived. Raises as `of`."""
        async with self._turn:
            known = self._known.get(video_id)
            if known is None or (index not in known.pieces and not known.complete):
                known = await self._listed(video_id, known)
            return known.pieces.get(index)

    async def _listed(self, video_id: str, known: Source | None) -> Source:
        pieces = dict(known.pieces) if known else {}
        request = GetSourceRequest(video_id=video_id, first_number=known.first_missing + 1 if known else 0)
        while True:
            page = await self._page(request)
            for listed in page.parts:
                part = listed.part
                pieces[part.number - 1] = Piece(self._bucket, listed.object_key, part.size_bytes, part.sha256.hex())
            if not page.next_page_token:
                break
            request.page_token = page.next_page_token
        source = Source(tuple(run.size_bytes for run in page.layout for _ in range(run.count)), pieces, page.complete)
        _check(video_id, source, page.size_bytes)
        self._known[video_id] = source
        self._known.move_to_end(video_id)
        while len(self._known) > KEPT:
            self._known.popitem(last=False)
        return source

    async def _page(self, request: GetSourceRequest) -> GetSourceResponse:
        return await asked(lambda: self._stub.GetSource(request))


def _check(video_id: str, source: Source, size: int) -> None:
    if source.complete and len(source.pieces) < len(source.sizes):
        raise IncompleteSourceError(f"part {source.first_missing + 1} of {video_id} is not listed")
    if sum(source.sizes) != size or any(piece.size != source.sizes[at] for at, piece in source.pieces.items()):
        raise IncompleteSourceError(f"the parts of {video_id} are not {size} bytes")
