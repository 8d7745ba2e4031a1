"""DownloadService: RPC → domain."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from mesh.contention import LostRace, settle
from mesh.grants import GrantSigner, media_url
from svc_transcode.downloads import domain
from svc_transcode.processing import downloads
from svc_transcode.processing.model import Download, Head
from svc_transcode.processing.store import ProcessingStore
from svc_transcode.processing.viewers import viewer_of
from vidmesh.transcode.v1 import download_service_pb2 as pb
from vidmesh.transcode.v1.download_service_pb2_grpc import DownloadServiceServicer

if TYPE_CHECKING:
    from vidmesh.upload.v1.video_service_pb2 import CheckViewerResponse
    from vidmesh.upload.v1.video_service_pb2_grpc import VideoServiceAsyncStub


@dataclass(frozen=True, slots=True)
class DownloadServicer(DownloadServiceServicer):
    """Files to keep, for the people of a channel."""

    store: ProcessingStore
    video_service: VideoServiceAsyncStub
    signer: GrantSigner
    due: Callable[[str], None]
    """Is told of videos that have a file to be made."""

    async def CreateDownload(self, request: pb.CreateDownloadRequest, context: Any) -> pb.CreateDownloadResponse:  # noqa: N802
        """See the contract."""
        del context
        viewer = await self._member(request.video_id)
        name = domain.file_name(viewer.video.title, request.quality)
        download = await settle(lambda: self._ask(request.video_id, request.quality, name))
        self.due(request.video_id)
        return pb.CreateDownloadResponse(download=self._shown(request.video_id, viewer, download))

    async def ListDownloads(self, request: pb.ListDownloadsRequest, context: Any) -> pb.ListDownloadsResponse:  # noqa: N802
        """See the contract."""
        del context
        viewer = await self._member(request.video_id)
        head = await self.store.head(request.video_id)
        known = downloads.shown(head.value, datetime.now(UTC)) if head else ()
        return pb.ListDownloadsResponse(downloads=[self._shown(request.video_id, viewer, one) for one in known])

    async def _ask(self, video_id: str, quality: str, name: str) -> Download:
        before = await self.store.head(video_id)
        now = datetime.now(UTC)
        if before is None or not downloads.can_be_asked(before.value):
            raise domain.not_final(before.value if before else None)
        if (known := downloads.found(before.value, quality, now)) is not None:
            return known
        await self._require(before.value, quality)
        # Nobody who may watch the video alone can guess where it will be.
        download = Download(quality, f"d-{quality}-{secrets.token_hex(8)}", name, now)
        # What has a file stays among those that are looked after.
        await self.store.activate(video_id)
        if not await self.store.commit(before, downloads.asked(before.value, download)):
            raise LostRace
        return download

    async def _require(self, head: Head, quality: str) -> None:
        """Raises INVALID_FIELD, FILE_TOO_LARGE."""
        picture, sound = downloads.rendition(head, quality), downloads.sound(head)
        if picture is None:
            raise domain.no_such_rendition()
        names = {picture.name, *([sound.name] if sound else [])}
        size = sum(track.size for track in await self.store.tracks(head.video_id) if track.name in names)
        if size > domain.MOST_BYTES:
            raise domain.too_large()

    def _shown(self, video_id: str, viewer: CheckViewerResponse, download: Download) -> pb.Download:
        answer = pb.Download(
            video_id=video_id,
            quality=download.quality,
            state=_state(download),
            file_name=download.name,
            size_bytes=download.size,
        )
        answer.create_time.FromDatetime(download.create_time)
        if download.expire_time is not None:
            answer.expire_time.FromDatetime(download.expire_time)
        if (ends := domain.url_end(download, datetime.now(UTC))) is not None:
            token = self.signer.mint(video_id, viewer.access_epoch, ends)
            answer.url = media_url("", token, video_id, download.path)
        return answer

    async def _member(self, video_id: str) -> CheckViewerResponse:
        """Raises VIDEO_NOT_FOUND where the caller may not see the video, PERMISSION_DENIED where it is another's."""
        viewer = await viewer_of(self.video_service, video_id)
        if not viewer.channel_member:
            raise domain.not_a_member()
        return viewer


def _state(download: Download) -> pb.DownloadState.ValueType:
    if download.failed:
        return pb.DOWNLOAD_STATE_FAILED
    return pb.DOWNLOAD_STATE_READY if download.path else pb.DOWNLOAD_STATE_MAKING
