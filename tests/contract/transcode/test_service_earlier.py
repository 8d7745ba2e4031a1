"""What was made of a channel's file is offered to the jobs of its next videos, and to nobody else's."""

from __future__ import annotations

import pytest

from mesh.ids import uuid7
from svc_transcode.media import jobs as media
from svc_transcode.processing import dispatching
from vidmesh.transcode.v1.transcode_service_pb2 import (
    FinishJobRequest,
    PartsRead,
    StartJobRequest,
    StartJobResponse,
)
from vidmesh.upload.v1.upload_events_pb2 import VideoPurged

from .plausible import plausible, source
from .service_rig import Served, eventually

INFO = source(6, audio=0)
READ = PartsRead(encoder="x264", numbers=[1, 3], digest="ab" * 32)
CHUNK = "v0-00000-r1"


@pytest.fixture(autouse=True)
def room(monkeypatch: pytest.MonkeyPatch) -> None:
    """Jobs that these tests leave lying never keep the next ones in the queue."""
    monkeypatch.setattr(dispatching, "LEAST_SLOTS", 20)


async def started(served: Served, video_id: str, job: str = CHUNK, encoder: str = "x264") -> StartJobResponse:
    """A job begins, once it is out; again is the same attempt."""
    job_id = f"{video_id}~{job}~1"
    await served.start(job_id)
    request = StartJobRequest(job_id=job_id, attempt=1, worker="by hand", encoder=encoder)
    return await served.service.StartJob(request, metadata=served.worker)


async def uploaded(served: Served, channel_id: str) -> str:
    """A file whose jobs are planned."""
    video_id = await served.upload(channel_id=channel_id)
    await served.do(f"{video_id}~p-r1~1", INFO)
    return video_id


async def finished(served: Served, video_id: str, begun: StartJobResponse, read: PartsRead = READ) -> None:
    result = media.to_json(media.RESULT, plausible(begun, INFO))
    request = FinishJobRequest(job_id=f"{video_id}~{CHUNK}~1", attempt=1, result=result, parts_read=read)
    await served.service.FinishJob(request, metadata=served.worker)


async def test_it_is_offered_to_the_same_channel_and_the_same_encoder(served: Served) -> None:
    channel = uuid7()
    one = await uploaded(served, channel)
    begun = await started(served, one)
    assert not begun.HasField("earlier")
    await finished(served, one, begun)

    two = await uploaded(served, channel)
    earlier = (await started(served, two)).earlier
    assert (earlier.video_id, earlier.path, earlier.read) == (one, begun.output_path, READ)
    assert media.from_json(media.RESULT, earlier.result) == plausible(begun, INFO)
    assert not (await started(served, two, encoder="x265")).HasField("earlier")
    assert not (await started(served, two, encoder="")).HasField("earlier")
    assert not (await started(served, await uploaded(served, uuid7()))).HasField("earlier")


async def test_it_goes_with_its_video_and_lives_on_in_what_was_copied(served: Served) -> None:
    channel = uuid7()
    one, two = await uploaded(served, channel), await uploaded(served, channel)
    await finished(served, one, await started(served, one))
    await served.bus.publish(VideoPurged(video_id=one, channel_id=channel), uuid7())

    async def gone() -> bool:
        return not (await started(served, two)).HasField("earlier")

    await eventually(gone)
    await finished(served, two, await started(served, two))
    three = await uploaded(served, channel)
    assert (await started(served, three)).earlier.video_id == two


async def test_where_nothing_is_said_of_what_was_read_nothing_is_offered(served: Served) -> None:
    channel = uuid7()
    one, two = await uploaded(served, channel), await uploaded(served, channel)
    await finished(served, one, await started(served, one), PartsRead())
    assert not (await started(served, two)).HasField("earlier")
