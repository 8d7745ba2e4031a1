"""CreateUpload: several rows in several partitions that no transaction spans, made so that a crash between any two of
them is healed by the repeated request, and swept up where it is never repeated.

Order: the agenda's item, the claim, the video, the upload. Ids come from the request_id, times from the claim; so each
step finds what an earlier try made. The upload's header is last: who finds it has everything.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

from mesh.errors import Fault, already_exists
from mesh.ids import derived_uuid, derived_video_id
from svc_upload.agenda.store import Agenda
from svc_upload.kinds import upload_item
from svc_upload.uploads.claims import Claim, Claims
from svc_upload.uploads.disk import Disk
from svc_upload.uploads.domain import (
    Limits,
    UploadRecord,
    check_size,
    check_space,
    request_digest,
)
from svc_upload.uploads.layout import layout_of
from svc_upload.uploads.store import UploadStore
from svc_upload.videos.domain import VideoRecord
from svc_upload.videos.edits import texts_of, visibility_of
from svc_upload.videos.store import VideoStore
from vidmesh.common.v1.error_reason_pb2 import ErrorReason
from vidmesh.upload.v1.upload_service_pb2 import CreateUploadRequest

METHOD: Final = "/vidmesh.upload.v1.UploadService/CreateUpload"


class Creating:
    """Makes uploads."""

    def __init__(
        self,
        uploads: UploadStore,
        claims: Claims,
        videos: VideoStore,
        agenda: Agenda,
        disk: Disk,
        id_key: bytes,
        limits: Limits,
        expire_after: timedelta,
    ) -> None:
        self._uploads = uploads
        self._claims = claims
        self._videos = videos
        self._agenda = agenda
        self._disk = disk
        self._id_key = id_key
        self._limits = limits
        self._expire_after = expire_after

    async def create(self, account_id: str, request: CreateUploadRequest) -> UploadRecord:
        """The upload that this request makes, or made before.

        The caller's part in the channel was checked. Raises FILE_TOO_LARGE, QUOTA_EXCEEDED, TOO_MANY_UPLOADS,
        STORAGE_LOW, REQUEST_ID_REUSED, INVALID_FIELD, CONTENTION.
        """
        upload_id = derived_uuid(self._id_key, account_id, METHOD, request.request_id)
        digest = request_digest(request)
        if (upload := await self._uploads.get(upload_id)) is not None:
            _check_same(upload.request_digest, digest)
            return upload
        texts, visibility = texts_of(request.video, request.filename), visibility_of(request.video)
        check_size(request.size_bytes, self._limits)
        check_space(request.size_bytes, await self._disk.free(), self._limits)
        now = datetime.now(UTC)
        await self._agenda.note(upload_item(upload_id, account_id, now + self._expire_after))
        claim = await self._claims.make(
            Claim(
                account_id=account_id,
                upload_id=upload_id,
                video_id=derived_video_id(self._id_key, account_id, METHOD, request.request_id),
                channel_id=request.channel_id,
                size_bytes=request.size_bytes,
                request_digest=digest,
                create_time=now,
            ),
            self._limits,
        )
        _check_same(claim.request_digest, digest)
        await self._videos.create(
            VideoRecord(
                video_id=claim.video_id,
                channel_id=claim.channel_id,
                account_id=account_id,
                upload_id=upload_id,
                texts=texts,
                visibility=visibility,
                upload_time=claim.create_time,
            )
        )
        return await self._uploads.create(upload_from(claim, request.filename, now + self._expire_after))


def upload_from(claim: Claim, filename: str, expire_time: datetime) -> UploadRecord:
    """The upload that belongs to a claim."""
    return UploadRecord(
        upload_id=claim.upload_id,
        video_id=claim.video_id,
        channel_id=claim.channel_id,
        account_id=claim.account_id,
        size_bytes=claim.size_bytes,
        filename=filename,
        layout=layout_of(claim.size_bytes),
        create_time=claim.create_time,
        expire_time=expire_time,
        request_digest=claim.request_digest,
    )


def _check_same(before: bytes, now: bytes) -> None:
    if before != now:
        raise _reused()


def _reused() -> Fault:
    return already_exists(
        ErrorReason.ERROR_REASON_REQUEST_ID_REUSED,
        "This request_id was used before with different content. Use a new request_id.",
    )
