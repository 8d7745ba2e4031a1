"""What UploadService says of a source. Nobody else is believed: wakes are hints, and orders of arrival are habits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import grpc.aio

from mesh.statuses import fault_in
from vidmesh.common.v1.error_reason_pb2 import ErrorReason
from vidmesh.upload.v1.upload_service_pb2 import GetSourceRequest

if TYPE_CHECKING:
    from vidmesh.upload.v1.upload_service_pb2_grpc import UploadServiceAsyncStub

_GONE: Final = frozenset({ErrorReason.ERROR_REASON_SOURCE_GONE, ErrorReason.ERROR_REASON_VIDEO_NOT_FOUND})


class SourceGone(Exception):  # noqa: N818 (it says what is the case)
    """The upload was aborted, has expired or was purged."""


@dataclass(frozen=True, slots=True)
class Seen:
    """A source as it stands."""

    channel_id: str
    size: int
    complete: bool
    layout: tuple[tuple[int, int], ...]
    """Runs of parts: how many, and their size in bytes."""
    parts: tuple[int, ...]
    """Indexes (from 0) of the parts that are there, of those that were asked about."""


class Uploads:
    """Sources of videos."""

    def __init__(self, stub: UploadServiceAsyncStub) -> None:
        self._stub = stub

    async def seen(self, video_id: str, first: int) -> Seen:
        """The source, with its parts from index `first` on. Raises SourceGone, Fault, AioRpcError."""
        parts: list[int] = []
        token = ""
        while True:
            page = await self._page(GetSourceRequest(video_id=video_id, first_number=first + 1, page_token=token))
            parts += (listed.part.number - 1 for listed in page.parts)
            token = page.next_page_token
            if not token:
                layout = tuple((run.count, run.size_bytes) for run in page.layout)
                return Seen(page.channel_id, page.size_bytes, page.complete, layout, tuple(parts))

    async def _page(self, request: GetSourceRequest):
        try:
            return await self._stub.GetSource(request)
        except grpc.aio.AioRpcError as error:
            fault = fault_in(error)
            if fault is None:
                raise
            raise (SourceGone(fault.sentence) if fault.reason in _GONE else fault) from error
