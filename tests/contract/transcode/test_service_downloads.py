"""Renditions as files to keep: asked for, made by a worker, offered for a while, gone."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from mesh.bus.outbox import Outbox
from mesh.ids import uuid7
from mesh.testing.servers import NatsServer, WeedServer
from svc_transcode.processing.store import ProcessingStore
from svc_transcode.processing.tables import PROCESSING
from svc_transcode.tables import OUTBOX
from tests.contract.answers import refusal
from vidmesh.transcode.v1.download_service_pb2 import (
    DOWNLOAD_STATE_FAILED,
    DOWNLOAD_STATE_MAKING,
    DOWNLOAD_STATE_READY,
    CreateDownloadRequest,
    Download,
    ListDownloadsRequest,
)
from vidmesh.transcode.v1.download_service_pb2_grpc import DownloadServiceStub

from .plausible import source
from .service_rig import Served, eventually, serving

if TYPE_CHECKING:
    from vidmesh.transcode.v1.download_service_pb2_grpc import DownloadServiceAsyncStub

SOON = {"transcode": {"sweep_every": 0.1, "leftovers_after": 0.1, "replaced_after": 0.1}}


def service(served: Served) -> DownloadServiceAsyncStub:
    return DownloadServiceStub(served.mesh.outside("svc_transcode"))


async def ask(served: Served, video_id: str, quality: str = "360p") -> Download:
    request = CreateDownloadRequest(video_id=video_id, quality=quality)
    return (await service(served).CreateDownload(request, metadata=served.me)).download


async def listed(served: Served, video_id: str) -> list[Download]:
    answer = await service(served).ListDownloads(ListDownloadsRequest(video_id=video_id), metadata=served.me)
    return list(answer.downloads)


async def processed(served: Served) -> str:
    async with served.working(source(6)):
        video_id = await served.upload()
        await served.ended(video_id)
        await served.storyboard(video_id)
    return video_id


async def ready(served: Served, video_id: str) -> Download:
    async def look() -> Download | None:
        return next((one for one in await listed(served, video_id) if one.state == DOWNLOAD_STATE_READY), None)

    return await eventually(look)


async def test_a_file_is_made_once_however_often_it_is_asked_for(served: Served) -> None:
    video_id = await processed(served)
    asked = await asyncio.gather(*(ask(served, video_id) for _ in range(5)))
    assert {one.state for one in asked} == {DOWNLOAD_STATE_MAKING}
    assert len(await listed(served, video_id)) == 1
    async with served.working(source(6)):
        made = await ready(served, video_id)
    assert len([name for name in served.done if name.startswith("d-")]) == 1
    assert (made.quality, made.file_name, made.size_bytes) == ("360p", "video-360p.mp4", 1000)
    assert "/media/~" in made.url
    assert f"/v/{video_id}/d/d-360p-" in made.url
    assert made.url.endswith("/video-360p.mp4")
    left = made.expire_time.ToDatetime(UTC) - datetime.now(UTC)
    assert timedelta(hours=23) < left <= timedelta(days=1)
    again = await ask(served, video_id)
    assert (again.state, again.create_time) == (DOWNLOAD_STATE_READY, made.create_time)


async def test_a_file_that_cannot_be_made_is_tried_again_when_it_is_asked_for_again(served: Served) -> None:
    video_id = await processed(served)
    await ask(served, video_id)
    async with served.working(source(6), lambda name, _: None if name.startswith("d-") else "as usual"):

        async def failed() -> bool:
            return [one.state for one in await listed(served, video_id)] == [DOWNLOAD_STATE_FAILED]

        await eventually(failed)
    assert (await ask(served, video_id)).state == DOWNLOAD_STATE_MAKING
    async with served.working(source(6)):
        await ready(served, video_id)
    assert len(await listed(served, video_id)) == 1


async def test_a_request_outlives_the_service(tmp_path: Path, nats: NatsServer, weed: WeedServer) -> None:
    owner = uuid7()
    async with serving(tmp_path, nats, weed, owner, SOON) as served:
        video_id = await processed(served)
        served.tables.left = 2  # on the list of what is looked after, and in the head; the job is not written
        await ask(served, video_id)
    async with serving(tmp_path, nats, weed, owner, SOON) as served, served.working(source(6)):
        await ready(served, video_id)


async def test_a_file_is_deleted_when_its_time_is_over(tmp_path: Path, nats: NatsServer, weed: WeedServer) -> None:
    async with serving(tmp_path, nats, weed, uuid7(), SOON) as served:
        video_id = await processed(served)
        await ask(served, video_id)
        async with served.working(source(6)):
            made = await ready(served, video_id)
        path = made.url.partition(f"/v/{video_id}/")[2]
        await served.objects.put(served.mesh.settings.objects.media_bucket, f"v/{video_id}/{path}", b"x")
        store = ProcessingStore(
            served.tables,  # type: ignore[arg-type]
            Outbox(served.tables, served.bus, hints=OUTBOX, sources=(PROCESSING,)),  # type: ignore[arg-type]
        )
        await asyncio.sleep(1)
        assert path in await served.stored(video_id), "it is kept until then"

        async def aged() -> bool:
            head = await store.head(video_id)
            assert head is not None
            old = tuple(
                replace(one, expire_time=datetime.now(UTC) - timedelta(hours=1)) for one in head.value.downloads
            )
            return await store.commit(head, replace(head.value, downloads=old))

        await eventually(aged)

        async def gone() -> bool:
            return path not in await served.stored(video_id) and not await listed(served, video_id)

        await eventually(gone)


async def test_what_cannot_be_asked_for_is_refused(served: Served) -> None:
    video_id = await served.upload()
    assert (await refusal(ask(served, video_id))).reason_name == "VIDEO_NOT_PLAYABLE"
    async with served.working(source(6)):
        await served.ended(video_id)
    for quality in ("2160p", "1p"):
        fault = await refusal(ask(served, video_id, quality))
        assert (fault.reason_name, fault.code.name) == ("INVALID_FIELD", "INVALID_ARGUMENT")
    request = CreateDownloadRequest(video_id=video_id, quality="360p")
    stranger = served.mesh.signed_in(uuid7())
    assert (await refusal(service(served).CreateDownload(request, metadata=stranger))).reason_name == "VIDEO_NOT_FOUND"
    served.viewers.public.add(video_id)
    assert (
        await refusal(service(served).CreateDownload(request, metadata=stranger))
    ).reason_name == "PERMISSION_DENIED"
    listing = ListDownloadsRequest(video_id=video_id)
    assert (await refusal(service(served).ListDownloads(listing, metadata=stranger))).reason_name == "PERMISSION_DENIED"
