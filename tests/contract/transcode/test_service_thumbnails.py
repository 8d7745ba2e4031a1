"""ThumbnailService, by the contract: which picture is shown, and pictures of the channel's own."""

from __future__ import annotations

import asyncio
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import grpc
import pytest

from tests.contract.answers import refusal
from tests.unit.pictures import files
from vidmesh.transcode.v1 import thumbnail_pb2 as pb
from vidmesh.transcode.v1.thumbnail_service_pb2 import (
    ChooseThumbnailRequest,
    DeleteThumbnailRequest,
    ListThumbnailsRequest,
    UploadThumbnailRequest,
)
from vidmesh.transcode.v1.thumbnail_service_pb2_grpc import ThumbnailServiceStub
from vidmesh.transcode.v1.transcode_events_pb2 import StillsMade
from vidmesh.upload.v1.upload_events_pb2 import VideoPurged
from vidmesh.upload.v1.video_pb2 import PROCESSING_STATE_PROCESSED

from .plausible import source
from .service_rig import Served, eventually, new_video_id

if TYPE_CHECKING:
    from vidmesh.transcode.v1.thumbnail_service_pb2_grpc import ThumbnailServiceAsyncStub

PATIENCE = 150
"""Seconds."""
SUGGESTED, UPLOADED = pb.THUMBNAIL_ORIGIN_SUGGESTED, pb.THUMBNAIL_ORIGIN_UPLOADED


@dataclass
class Thumbnails:
    """ThumbnailService, and what stands around it."""

    served: Served

    @property
    def service(self) -> ThumbnailServiceAsyncStub:
        return ThumbnailServiceStub(self.served.mesh.outside("svc_transcode"))

    async def listed(self, video_id: str) -> list[pb.VideoThumbnail]:
        request = ListThumbnailsRequest(video_id=video_id)
        return list((await self.service.ListThumbnails(request, metadata=self.served.me)).thumbnails)

    async def shown(self, video_id: str) -> list[str]:
        return [one.thumbnail_id for one in await self.listed(video_id) if one.shown]

    async def choose(self, video_id: str, thumbnail_id: str) -> Any:
        request = ChooseThumbnailRequest(video_id=video_id, thumbnail_id=thumbnail_id)
        return (await self.service.ChooseThumbnail(request, metadata=self.served.me)).thumbnail

    async def upload(self, video_id: str, content: bytes | None = None) -> Any:
        request = UploadThumbnailRequest(video_id=video_id, content=files.jpeg() if content is None else content)
        return (await self.service.UploadThumbnail(request, metadata=self.served.me)).thumbnail

    async def delete(self, video_id: str, thumbnail_id: str) -> None:
        request = DeleteThumbnailRequest(video_id=video_id, thumbnail_id=thumbnail_id)
        await self.service.DeleteThumbnail(request, metadata=self.served.me)

    async def uploaded(self, video_id: str) -> list[str]:
        """The objects of uploaded pictures."""
        return [path for path in await self.served.stored(video_id) if path.startswith("t/u-")]


@pytest.fixture
def pictured(served: Served) -> Thumbnails:
    return Thumbnails(served)


async def processed(served: Served) -> str:
    """A video that came to its end, with its stills."""
    async with served.working(source(6)):
        video_id = await served.upload()
        assert (await served.ended(video_id, PATIENCE)).state == PROCESSING_STATE_PROCESSED

        async def has_stills() -> bool:
            found = await served.presented(video_id)
            return found is not None and len(found.stills) > 1

        await eventually(has_stills, PATIENCE)
    return video_id


def path_of(thumbnail: pb.VideoThumbnail) -> str:
    return thumbnail.url.partition(f"/v/{thumbnail.video_id}/")[2]


async def test_of_those_taken_from_the_video_the_first_is_shown_until_another_is_chosen(
    served: Served, pictured: Thumbnails
) -> None:
    video_id = await processed(served)
    told = await served.heard(StillsMade, video_id)
    listed = await pictured.listed(video_id)
    assert [(one.origin, one.shown) for one in listed] == [(SUGGESTED, number == 0) for number in range(4)]
    assert len({one.thumbnail_id for one in listed}) == 4
    assert all(one.url.startswith("/media/~") and one.HasField("time") for one in listed)
    chosen = await pictured.choose(video_id, listed[2].thumbnail_id)
    assert (chosen.thumbnail_id, chosen.shown) == (listed[2].thumbnail_id, True)
    await pictured.choose(video_id, listed[2].thumbnail_id)
    assert await pictured.shown(video_id) == [listed[2].thumbnail_id]
    presented = await served.presented(video_id)
    assert presented is not None
    order = [listed[place] for place in (2, 0, 1, 3)]
    assert [still.path for still in presented.stills] == [path_of(one) for one in order]

    async def is_told() -> bool:
        return [event.path for event in told] == [path_of(listed[0]), path_of(listed[2])]

    await eventually(is_told, PATIENCE)
    assert told[0].decide_time.ToNanoseconds() < told[1].decide_time.ToNanoseconds()


async def test_an_uploaded_picture_is_drawn_anew_and_shown_and_another_one_replaces_it(
    served: Served, pictured: Thumbnails
) -> None:
    video_id = await processed(served)
    secret = b"48.2082 N, 16.3738 E"
    sent = files.tagged(files.segment(0xE1, b"Exif\0\0" + files.exif(6) + secret))
    first = await pictured.upload(video_id, sent)
    assert (first.origin, first.shown, first.width, first.height) == (UPLOADED, True, 360, 640)
    assert not first.HasField("time")
    bucket = served.mesh.settings.objects.media_bucket
    stored = await served.objects.get(bucket, f"v/{video_id}/{path_of(first)}")
    assert files.seen(stored)[0] == (360, 640)
    assert secret not in stored
    about = await served.objects.head(bucket, f"v/{video_id}/{path_of(first)}")
    assert about is not None
    assert about.content_type == "image/jpeg"
    presented = await served.presented(video_id)
    assert presented is not None
    assert (presented.stills[0].path, len(presented.stills)) == (path_of(first), 5)

    second = await pictured.upload(video_id, files.png())
    assert second.thumbnail_id != first.thumbnail_id
    assert [one.thumbnail_id for one in await pictured.listed(video_id) if one.origin == UPLOADED] == [
        second.thumbnail_id
    ]
    assert await pictured.uploaded(video_id) == [path_of(second)]


async def test_one_that_is_not_shown_is_no_viewers_and_can_be_chosen_again(
    served: Served, pictured: Thumbnails
) -> None:
    video_id = await processed(served)
    own = await pictured.upload(video_id)
    taken = (await pictured.listed(video_id))[1]
    await pictured.choose(video_id, taken.thumbnail_id)
    presented = await served.presented(video_id)
    assert presented is not None
    assert path_of(own) not in {still.path for still in presented.stills}
    assert (await pictured.listed(video_id))[0].thumbnail_id == own.thumbnail_id
    await pictured.choose(video_id, own.thumbnail_id)
    assert await pictured.shown(video_id) == [own.thumbnail_id]


async def test_a_deleted_picture_leaves_the_store_and_the_first_of_the_video_is_shown(
    served: Served, pictured: Thumbnails
) -> None:
    video_id = await processed(served)
    best = (await pictured.listed(video_id))[0]
    own = await pictured.upload(video_id)
    fault = await refusal(pictured.delete(video_id, best.thumbnail_id))
    assert (fault.code, fault.reason_name) == (grpc.StatusCode.INVALID_ARGUMENT, "INVALID_FIELD")
    await pictured.delete(video_id, own.thumbnail_id)
    await pictured.delete(video_id, own.thumbnail_id)
    assert await pictured.shown(video_id) == [best.thumbnail_id]
    assert await pictured.uploaded(video_id) == []
    assert (await refusal(pictured.choose(video_id, own.thumbnail_id))).reason_name == "THUMBNAIL_NOT_FOUND"


async def test_a_picture_may_come_before_the_video_has_any_and_goes_without_leaving_one(
    served: Served, pictured: Thumbnails
) -> None:
    video_id = await served.begin(6)
    told = await served.heard(StillsMade, video_id)
    assert await pictured.listed(video_id) == []
    assert (await refusal(pictured.upload(video_id))).reason_name == "VIDEO_NOT_STARTED"
    await served.arrive(video_id, 1, 2)

    async def is_begun() -> Any:
        try:
            return await pictured.upload(video_id)
        except grpc.aio.AioRpcError as error:
            if error.code() is not grpc.StatusCode.FAILED_PRECONDITION:
                raise
            return None

    own = await eventually(is_begun, PATIENCE)
    await pictured.delete(video_id, own.thumbnail_id)

    async def is_told() -> bool:
        return [event.path for event in told] == [path_of(own), ""]

    await eventually(is_told, PATIENCE)


@pytest.mark.parametrize(
    "content",
    [
        b"GIF89a" + bytes(100),
        b"<svg onload='alert(1)'/>",
        files.png(size=(1, 1)),
        files.png(size=(2**31 - 1, 2**31 - 1), rows=b""),
        files.png(files.chunk(b"acTL", bytes(8))),
        files.jpeg()[:1000],
        b"\xff\xd8 no JPEG",
    ],
    ids=["GIF", "SVG", "one pixel", "a bomb", "it moves", "cut off", "garbage"],
)
async def test_what_is_wrong_with_a_picture_is_said_and_nothing_is_kept(
    served: Served, pictured: Thumbnails, content: bytes
) -> None:
    fault = await refusal(pictured.upload(new_video_id(), content))
    assert (fault.code, fault.reason_name) == (grpc.StatusCode.INVALID_ARGUMENT, "INVALID_PICTURE")
    assert fault.sentence.endswith(".")


async def test_a_picture_that_is_too_large_or_empty_breaks_the_contract(pictured: Thumbnails) -> None:
    for content in (b"", bytes(1_500_001)):
        assert (await refusal(pictured.upload(new_video_id(), content))).reason_name == "INVALID_FIELD"


async def test_only_its_people_see_and_change_the_pictures_of_a_video(served: Served, pictured: Thumbnails) -> None:
    video_id = new_video_id()
    stranger = served.mesh.signed_in("11111111-1111-7111-8111-111111111111")
    upload = UploadThumbnailRequest(video_id=video_id, content=files.jpeg())
    for reason in ("VIDEO_NOT_FOUND", "PERMISSION_DENIED"):
        for call in (
            pictured.service.ListThumbnails(ListThumbnailsRequest(video_id=video_id), metadata=stranger),
            pictured.service.UploadThumbnail(upload, metadata=stranger),
            pictured.service.ChooseThumbnail(
                ChooseThumbnailRequest(video_id=video_id, thumbnail_id="any"), metadata=stranger
            ),
            pictured.service.DeleteThumbnail(
                DeleteThumbnailRequest(video_id=video_id, thumbnail_id="any"), metadata=stranger
            ),
        ):
            assert (await refusal(call)).reason_name == reason
        served.viewers.public.add(video_id)


async def test_of_many_at_once_one_is_kept(served: Served, pictured: Thumbnails) -> None:
    """Each upload answers with a picture of its own; the last to be written is shown, and no other is stored."""
    video_id = await processed(served)
    made = await asyncio.gather(*(pictured.upload(video_id) for _ in range(6)))
    assert len({one.thumbnail_id for one in made}) == 6
    (shown,) = await pictured.shown(video_id)
    assert await pictured.uploaded(video_id) == [path_of(one) for one in made if one.thumbnail_id == shown]


async def test_pictures_go_with_their_video(served: Served, pictured: Thumbnails) -> None:
    video_id = await processed(served)
    await pictured.upload(video_id)
    await served.bus.publish(VideoPurged(video_id=video_id, channel_id=str(uuid.uuid4())), str(uuid.uuid4()))

    async def is_gone() -> bool:
        return not await served.stored(video_id)

    await eventually(is_gone, PATIENCE)
    assert (await refusal(pictured.upload(video_id))).reason_name == "VIDEO_NOT_STARTED"
