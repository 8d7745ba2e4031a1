"""VideoService: from calls to rules and back."""

# ruff: noqa: N802, ARG002 (gRPC names the methods and hands each a context)

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from mesh.call import current_call
from mesh.errors import invalid, invalid_field
from mesh.pagination import PageTokens
from mesh.tables import InvalidCursor
from svc_upload.agenda.store import Agenda
from svc_upload.kinds import PUBLISH, PURGE, video_item
from svc_upload.membership import Membership
from svc_upload.videos import edits
from svc_upload.videos.chapters import in_description, message_of
from svc_upload.videos.domain import VideoRecord, gone, listed_for_others
from svc_upload.videos.messages import video_message
from svc_upload.videos.pictures import Pictures
from svc_upload.videos.store import Rule, VideoStore
from svc_upload.videos.viewing import Viewing, video_not_found
from vidmesh.common.v1.error_reason_pb2 import ErrorReason
from vidmesh.upload.v1.video_pb2 import Video, Visibility
from vidmesh.upload.v1.video_service_pb2 import (
    BatchGetVideosRequest,
    BatchGetVideosResponse,
    CheckViewerRequest,
    CheckViewerResponse,
    DeleteVideoRequest,
    DeleteVideoResponse,
    ExportVideosRequest,
    ExportVideosResponse,
    GetVideoRequest,
    GetVideoResponse,
    ListNewestVideosRequest,
    ListNewestVideosResponse,
    ListVideosRequest,
    ListVideosResponse,
    PublishVideoRequest,
    PublishVideoResponse,
    UndeleteVideoRequest,
    UndeleteVideoResponse,
    UpdateVideoRequest,
    UpdateVideoResponse,
)
from vidmesh.upload.v1.video_service_pb2_grpc import VideoServiceServicer

LIST: Final = "/vidmesh.upload.v1.VideoService/ListVideos"
NEWEST: Final = "/vidmesh.upload.v1.VideoService/ListNewestVideos"
EXPORTED_AT_ONCE: Final = 200


class VideoServicer(VideoServiceServicer):
    """The life of a video; the contract is in video_service.proto."""

    def __init__(
        self,
        videos: VideoStore,
        viewing: Viewing,
        membership: Membership,
        pictures: Pictures,
        agenda: Agenda,
        page_tokens: PageTokens,
        purge_after: timedelta,
    ) -> None:
        self._videos = videos
        self._viewing = viewing
        self._membership = membership
        self._pictures = pictures
        self._agenda = agenda
        self._page_tokens = page_tokens
        self._purge_after = purge_after

    async def GetVideo(self, request: GetVideoRequest, context: Any) -> GetVideoResponse:
        view = await self._viewing.view(current_call().caller, request.video_id)
        return GetVideoResponse(video=self._message(view.record, inside=view.inside))

    async def BatchGetVideos(self, request: BatchGetVideosRequest, context: Any) -> BatchGetVideosResponse:
        views = await self._viewing.views(current_call().caller, request.video_ids)
        return BatchGetVideosResponse(videos=[self._message(view.record, inside=view.inside) for view in views])

    async def ListNewestVideos(self, request: ListNewestVideosRequest, context: Any) -> ListNewestVideosResponse:
        cursor = self._page_tokens.open(NEWEST, request, request.page_token)
        size = self._page_tokens.page_size(request.page_size)
        listing = await self._videos.newest(datetime.now(UTC), limit=size, cursor=cursor)
        return ListNewestVideosResponse(
            videos=[self._message(video, inside=False) for video in listing.videos],
            next_page_token=self._page_tokens.seal(NEWEST, request, listing.cursor),
        )

    async def ListVideos(self, request: ListVideosRequest, context: Any) -> ListVideosResponse:
        caller, now = current_call().caller, datetime.now(UTC)
        cursor = self._page_tokens.open(LIST, request, request.page_token)
        inside = await self._membership.is_member(request.channel_id, caller.account_id_or_none, sure=False)
        inside = inside or caller.is_administrator
        listing = await self._videos.of_channel(
            request.channel_id,
            keep=lambda video: _kept(video, request.show_deleted) if inside else listed_for_others(video, now),
            limit=self._page_tokens.page_size(request.page_size),
            cursor=cursor,
        )
        if not listing.videos and cursor is None:
            await self._membership.require_channel(request.channel_id)
        return ListVideosResponse(
            videos=[self._message(video, inside=inside) for video in listing.videos],
            next_page_token=self._page_tokens.seal(LIST, request, listing.cursor),
        )

    async def UpdateVideo(self, request: UpdateVideoRequest, context: Any) -> UpdateVideoResponse:
        await self._viewing.own(current_call().caller, request.video.video_id)
        record = await self._changed(
            request.video.video_id,
            lambda record: edits.edit(record, request.video, request.update_mask.paths),
        )
        return UpdateVideoResponse(video=self._message(record))

    async def PublishVideo(self, request: PublishVideoRequest, context: Any) -> PublishVideoResponse:
        await self._viewing.own(current_call().caller, request.video_id)
        now = datetime.now(UTC)
        at = _publish_time(request)
        if at is not None and request.visibility == Visibility.VISIBILITY_PUBLIC and at > now:
            await self._agenda.note(video_item(PUBLISH, request.video_id, at))
        record = await self._changed(
            request.video_id,
            lambda record: edits.publish(record, request.visibility, at, request.etag, now),
        )
        return PublishVideoResponse(video=self._message(record))

    async def DeleteVideo(self, request: DeleteVideoRequest, context: Any) -> DeleteVideoResponse:
        record = await self._viewing.own(current_call().caller, request.video_id)
        if gone(record):
            return DeleteVideoResponse(video=self._message(record))
        now = datetime.now(UTC)
        await self._agenda.note(video_item(PURGE, request.video_id, now + self._purge_after))
        record = await self._changed(request.video_id, lambda record: edits.delete(record, request.etag, now))
        return DeleteVideoResponse(video=self._message(record))

    async def UndeleteVideo(self, request: UndeleteVideoRequest, context: Any) -> UndeleteVideoResponse:
        await self._viewing.own(current_call().caller, request.video_id)
        record = await self._changed(request.video_id, edits.undelete)
        return UndeleteVideoResponse(video=self._message(record))

    async def CheckViewer(self, request: CheckViewerRequest, context: Any) -> CheckViewerResponse:
        view = await self._viewing.view(current_call().caller, request.video_id)
        record = view.record
        if gone(record):
            raise video_not_found()
        response = CheckViewerResponse(
            video=self._message(record, inside=view.inside),
            channel_member=view.member,
            access_epoch=record.access_epoch,
        )
        if not record.texts.chapters:
            found = in_description(record.texts.description, record.duration_nanos)
            response.description_chapters.extend(message_of(chapter) for chapter in found)
        if record.publish_time is not None and record.publish_time > datetime.now(UTC):
            response.valid_until.FromDatetime(record.publish_time)
        return response

    async def ExportVideos(self, request: ExportVideosRequest, context: Any) -> AsyncIterator[ExportVideosResponse]:
        cursor = request.cursor or None
        while True:
            try:
                page = await self._videos.walk(limit=EXPORTED_AT_ONCE, cursor=cursor)
            except InvalidCursor:
                raise invalid(
                    ErrorReason.ERROR_REASON_INVALID_CURSOR, "The cursor does not belong to this stream."
                ) from None
            for video in page.videos:
                # Where this page began: behind it is every video that has not been sent, and some that have.
                yield ExportVideosResponse(video=self._message(video), cursor=cursor or b"")
            if page.cursor is None:
                return
            cursor = page.cursor

    async def _changed(self, video_id: str, rule: Rule) -> VideoRecord:
        record = await self._videos.change(video_id, rule)
        if record is None or record.purging:
            raise video_not_found()
        return record

    def _message(self, record: VideoRecord, *, inside: bool = True) -> Video:
        return video_message(record, self._pictures, member=inside, now=datetime.now(UTC))


def _kept(record: VideoRecord, show_deleted: bool) -> bool:
    return not (record.purging if show_deleted else gone(record))


def _publish_time(request: PublishVideoRequest) -> datetime | None:
    if not request.HasField("publish_time"):
        return None
    try:
        return request.publish_time.ToDatetime(UTC)
    except (ValueError, OverflowError):
        # What is no Timestamp by its own contract, which the wire can hold all the same.
        raise invalid_field("publish_time", "This is no time between the years 1 and 9999.") from None
