"""Attempts that fail, workers that die, services that die, files that are no videos.

Invariants: a job that was done is never done again; what fails alone is given up alone; whatever dies, processing ends;
an end is told once for each run.
"""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from mesh.bus import connect_bus
from mesh.bus.outbox import Outbox
from mesh.ids import uuid7
from mesh.objects import Objects
from mesh.testing.servers import NatsServer, WeedServer
from svc_transcode.processing.advancing import Advancing
from svc_transcode.processing.feeding import Feeding
from svc_transcode.processing.leftovers import Leftovers
from svc_transcode.processing.objects import MediaStore
from svc_transcode.processing.queue import Queue
from svc_transcode.processing.store import ProcessingStore
from svc_transcode.processing.tables import ACTIVE, PROCESSING, RELEASED, SHARDS
from svc_transcode.tables import OUTBOX
from tests.contract.answers import refusal
from vidmesh.transcode.v1.transcode_events_pb2 import ProcessingFinished, ProcessingRestarted, RenditionPublished
from vidmesh.transcode.v1.transcode_pb2 import (
    FAILURE_REASON_NOT_A_VIDEO,
    FAILURE_REASON_PROCESSING,
    FAILURE_REASON_UNSPECIFIED,
    RENDITION_STATE_FAILED,
    RENDITION_STATE_PUBLISHED,
)
from vidmesh.transcode.v1.transcode_service_pb2 import (
    FinishJobRequest,
    GetPresentationRequest,
    GetProcessingRequest,
    JobFailure,
    ReportJobRequest,
    RetryProcessingRequest,
    StartJobRequest,
    StartJobResponse,
)
from vidmesh.upload.v1.upload_events_pb2 import VideoPurged
from vidmesh.upload.v1.video_pb2 import (
    PROCESSING_STATE_FAILED,
    PROCESSING_STATE_PROCESSED,
    PROCESSING_STATE_PROCESSING,
)

from .plausible import plausible, source
from .service_rig import Answer, Served, eventually, serving

BROKEN = JobFailure(message="Out of luck.", reason=FAILURE_REASON_PROCESSING)
HOPELESS = JobFailure(message="The file is not a video.", reason=FAILURE_REASON_NOT_A_VIDEO, permanent=True)


def fails(which: Callable[[str], bool], failure: Answer = BROKEN) -> Callable[[str, StartJobResponse], Answer | str]:
    """A worker that fails at some jobs, by name."""
    return lambda name, _begun: failure if which(name) else "as usual"


async def test_a_later_attempt_shuts_earlier_ones_out_and_a_success_may_be_told_twice(served: Served) -> None:
    info = source(4)
    job = f"{await served.upload()}~p-r1~1"
    result = plausible(await served.start(job, 1), info)
    await served.start(job, 2)
    report = ReportJobRequest(job_id=job, attempt=1, progress=0.5)
    assert (await refusal(served.service.ReportJob(report, metadata=served.worker))).reason_name == "JOB_FENCED"
    assert (await refusal(served.finish(job, 1, result))).reason_name == "JOB_FENCED"
    assert (await refusal(served.finish(job, 1, BROKEN))).reason_name == "JOB_FENCED"
    request = StartJobRequest(job_id=job, attempt=1)
    assert (await refusal(served.service.StartJob(request, metadata=served.worker))).reason_name == "JOB_FENCED"
    await served.finish(job, 2, result)
    await served.finish(job, 2, result)
    assert (await refusal(served.finish(job, 3, result))).reason_name == "JOB_FENCED"


async def test_a_job_that_does_not_exist_is_not_found_and_a_strange_result_is_refused(served: Served) -> None:
    for job_id in ("nonsense", "aaaaaaaaaaa~p-r1~1", "a~b~c"):
        request = StartJobRequest(job_id=job_id, attempt=1)
        assert (await refusal(served.service.StartJob(request, metadata=served.worker))).reason_name == "JOB_NOT_FOUND"
    info = source(4)
    video_id = await served.upload()
    await served.start(f"{video_id}~p-r1~1")
    for strange in ("{", '{"kind": "verified", "frames": 1, "first": "0", "end": "1"}'):
        request = FinishJobRequest(job_id=f"{video_id}~p-r1~1", attempt=1, result=strange)
        assert (
            await refusal(served.service.FinishJob(request, metadata=served.worker))
        ).code.name == "INVALID_ARGUMENT"
    await served.finish(f"{video_id}~p-r1~1", 1, plausible(await served.start(f"{video_id}~p-r1~1"), info))


async def test_a_failed_attempt_is_told_when_to_come_again_and_counts_once_however_often_it_is_told(
    served: Served,
) -> None:
    job = f"{await served.upload()}~p-r1~1"
    await served.start(job, 1)
    for _ in range(3):
        assert await served.finish(job, 1, BROKEN) == timedelta(milliseconds=500)
    await served.do(job, source(4), attempt=2)


@pytest.mark.parametrize(("failure", "given_up"), [(BROKEN, True), (HOPELESS, False)])
async def test_a_job_whose_attempts_are_used_up_is_to_be_kept_as_a_dead_letter_but_not_one_of_a_bad_file(
    served: Served, failure: JobFailure, given_up: bool
) -> None:
    job = f"{await served.upload()}~p-r1~1"
    await served.start(job, 1)
    if given_up:
        await served.finish(job, 1, failure)
        await served.start(job, 2)
    request = FinishJobRequest(job_id=job, attempt=2 if given_up else 1, failure=failure)
    for _ in range(2):
        # The answer to the first may have been lost on its way.
        told = await served.service.FinishJob(request, metadata=served.worker)
        assert (told.HasField("retry_after"), told.given_up) == (False, given_up)


async def test_a_file_that_is_no_video_fails_with_the_sentence_for_its_creator(served: Served) -> None:
    async with served.working(source(4), fails(lambda name: name.startswith("p"), HOPELESS)):
        video_id = await served.upload()
        finished = await served.heard(ProcessingFinished, video_id)
        ended = await served.ended(video_id)
        await eventually(lambda: _true(finished))
    assert (ended.state, ended.failure_message) == (PROCESSING_STATE_FAILED, "The file is not a video.")
    assert ended.failure_reason == finished[0].failure_reason == FAILURE_REASON_NOT_A_VIDEO
    assert served.done == ["p-r1#1"]


async def test_a_rendition_that_fails_alone_is_listed_while_the_others_go_on_and_a_retry_makes_only_it(
    served: Served,
) -> None:
    info = source(40, height=1080)
    # The pass for the larger two fails at its second chunk as long as 1080p is in it.
    bad = {"v1-00001-r1", "v1-00001-1080p-r1"}
    async with served.working(info, fails(lambda name: name in bad)):
        video_id = await served.upload()
        finished = await served.heard(ProcessingFinished, video_id)
        restarted = await served.heard(ProcessingRestarted, video_id)
        ended = await served.ended(video_id)
        await served.storyboard(video_id)
    assert ended.state == PROCESSING_STATE_PROCESSED
    states = {r.quality: (r.state, bool(r.failure_message)) for r in ended.renditions}
    assert states == {
        "360p": (RENDITION_STATE_PUBLISHED, False),
        "720p": (RENDITION_STATE_PUBLISHED, False),
        "1080p": (RENDITION_STATE_FAILED, True),
        "audio": (RENDITION_STATE_PUBLISHED, False),
    }
    before = len(served.done)
    async with served.working(info):
        again = await served.service.RetryProcessing(RetryProcessingRequest(video_id=video_id), metadata=served.me)
        assert again.processing.state not in {PROCESSING_STATE_PROCESSED, PROCESSING_STATE_FAILED}
        ended = await served.ended(video_id)
        await eventually(lambda: _true(len(finished) == 2 and restarted))
    assert {r.state for r in ended.renditions} == {RENDITION_STATE_PUBLISHED}
    redone = [job.partition("#")[0] for job in served.done[before:]]
    assert "v1-00001-1080p-r2" in redone
    assert all("1080p" in name and name.endswith("-r2") for name in redone)
    assert [(event.run, event.failure_reason) for event in sorted(finished, key=lambda event: event.run)] == [
        (1, FAILURE_REASON_UNSPECIFIED),
        (2, FAILURE_REASON_UNSPECIFIED),
    ]
    refused = served.service.RetryProcessing(RetryProcessingRequest(video_id=video_id), metadata=served.me)
    assert (await refusal(refused)).reason_name == "NOTHING_TO_RETRY"


async def test_a_retry_that_is_asked_for_again_while_it_is_under_way_is_the_same_retry(served: Served) -> None:
    broken = JobFailure(reason=FAILURE_REASON_PROCESSING, message="Broken.", permanent=True)
    async with served.working(source(4), lambda _job, _begun: broken):
        video_id = await served.upload()
        await served.ended(video_id)
    request = RetryProcessingRequest(video_id=video_id)

    at_once = await asyncio.gather(*(served.service.RetryProcessing(request, metadata=served.me) for _ in range(4)))
    later = await served.service.RetryProcessing(request, metadata=served.me)

    assert {answer.processing.state for answer in (*at_once, later)} == {PROCESSING_STATE_PROCESSING}
    async with served.working(source(4)):
        ended = await served.ended(video_id)
    assert ended.state == PROCESSING_STATE_PROCESSED
    assert {job.partition("#")[0].rpartition("-")[2] for job in served.done[1:]} == {"r2"}, "there was one retry"


async def test_sound_that_fails_leaves_the_pictures_and_stills_that_fail_leave_everything(served: Served) -> None:
    async with served.working(source(6), fails(lambda name: name[0] in "at")):
        ended = await served.ended(await served.upload())
    assert ended.state == PROCESSING_STATE_PROCESSED
    assert [r.quality for r in ended.renditions if r.state == RENDITION_STATE_FAILED] == ["audio"]


async def test_stills_that_kill_every_worker_are_given_up_though_the_video_is_done(served: Served) -> None:
    info = source(6)
    async with served.working(info, fails(lambda name: name.startswith("t"), None)):
        video_id = await served.upload()
        assert (await served.ended(video_id)).state == PROCESSING_STATE_PROCESSED
        await served.storyboard(video_id)

        async def nothing_is_out() -> bool:
            return not (await served.tables.walk(RELEASED, limit=10)).rows

        await eventually(nothing_is_out)
    begun = len(served.done)
    async with served.working(info):
        await served.service.RetryProcessing(RetryProcessingRequest(video_id=video_id), metadata=served.me)
        await served.ended(video_id)
        await eventually(nothing_is_out)
    assert served.done[begun:] == ["t-r2#1"]
    request = GetPresentationRequest(video_id=video_id)
    shown = await served.service.GetPresentation(request, metadata=served.mesh.as_service("svc_playback"))
    assert shown.stills


async def test_what_reads_back_otherwise_than_it_was_made_is_taken_out_and_can_be_made_again(served: Served) -> None:
    info = source(6)
    wrong = fails(lambda name: name.startswith("y") and "720p" in name, HOPELESS)
    async with served.working(info, wrong):
        video_id = await served.upload()
        ended = await served.ended(video_id)
    assert [r.quality for r in ended.renditions if r.state == RENDITION_STATE_FAILED] == ["720p"]
    request = GetPresentationRequest(video_id=video_id)
    shown = await served.service.GetPresentation(request, metadata=served.mesh.as_service("svc_playback"))
    assert [file.quality for file in shown.files] == ["360p", "audio"]
    bucket = served.mesh.settings.objects.media_bucket
    assert b"720p" not in await served.objects.get(bucket, f"v/{video_id}/{shown.hls_path}")
    async with served.working(info):
        await served.service.RetryProcessing(RetryProcessingRequest(video_id=video_id), metadata=served.me)
        ended = await served.ended(video_id)
    assert {r.state for r in ended.renditions} == {RENDITION_STATE_PUBLISHED}


async def test_a_video_whose_every_picture_fails_shows_nothing_to_play(served: Served) -> None:
    async with served.working(source(6), fails(lambda name: name.startswith("y") and "audio" not in name)):
        video_id = await served.upload()
        ended = await served.ended(video_id)
    assert ended.state == PROCESSING_STATE_FAILED
    assert "read back" in ended.failure_message
    request = GetPresentationRequest(video_id=video_id)
    shown = await served.service.GetPresentation(request, metadata=served.mesh.as_service("svc_playback"))
    assert (shown.manifest_generation, shown.hls_path, list(shown.files)) == (0, "", [])


async def test_a_job_that_kills_every_worker_ends_as_failed_and_can_be_retried(served: Served) -> None:
    async with served.working(source(4), fails(lambda name: name.startswith("p"), None)):
        video_id = await served.upload()
        ended = await served.ended(video_id)
    assert (ended.state, ended.failure_reason) == (PROCESSING_STATE_FAILED, FAILURE_REASON_PROCESSING)
    async with served.working(source(4)):
        await served.service.RetryProcessing(RetryProcessingRequest(video_id=video_id), metadata=served.me)
        assert (await served.ended(video_id)).state == PROCESSING_STATE_PROCESSED


@pytest.mark.parametrize("writes", [2, 7, 12, 25, 31])
async def test_a_service_that_dies_between_two_steps_goes_on_when_it_is_back(
    tmp_path: Path, nats: NatsServer, weed: WeedServer, writes: int
) -> None:
    owner, info = uuid7(), source(6)
    async with serving(tmp_path, nats, weed, owner) as served, served.working(info, attempts=50):
        served.tables.left = writes
        video_id = await served.upload()
        async with asyncio.timeout(10):
            await served.tables.crashed.wait()
    async with serving(tmp_path, nats, weed, owner) as served:
        finished = await served.heard(ProcessingFinished, video_id)
        async with served.working(info, attempts=50):
            ended = await served.ended(video_id)
            await eventually(lambda: _true(finished))
            await asyncio.sleep(0.2)
    assert ended.state == PROCESSING_STATE_PROCESSED
    assert {r.state for r in ended.renditions} == {RENDITION_STATE_PUBLISHED}
    assert [event.run for event in finished] == [1]


async def test_two_replicas_that_take_the_same_step_publish_one_generation(served: Served) -> None:
    info = source(4, audio=0)
    video_id = await served.upload()
    await served.do(f"{video_id}~p-r1~1", info)
    published = await served.heard(RenditionPublished, video_id)
    chunk = f"{video_id}~v0-00000-r1~1"
    result = plausible(await served.start(chunk), info)

    # The service's own loop is held up; two others take its place.
    settings = served.mesh.settings
    async with connect_bus(settings.bus, "replica") as bus:
        outbox = Outbox(served.tables, bus, hints=OUTBOX, sources=(PROCESSING,))  # type: ignore[arg-type]
        store = ProcessingStore(served.tables, outbox)  # type: ignore[arg-type]
        media = SlowMedia(served.objects, settings.objects.media_bucket)
        leftovers = Leftovers(store, media, timedelta(minutes=2), timedelta(hours=1))
        queue = Queue(served.tables)  # type: ignore[arg-type]
        replicas = [Advancing(store, queue, Feeding(store, queue), media, leftovers) for _ in range(2)]
        finishing = asyncio.create_task(served.finish(chunk, 1, result))
        await asyncio.gather(finishing, *(_once_made(store, video_id, one) for one in replicas))
        head = await store.head(video_id)
        assert head is not None
        assert head.value.generation == 1
        await eventually(lambda: _true(len(published) == 2))
    folders = {key.split("/")[1] for key in await served.stored(video_id) if key.startswith("m/")}
    assert folders == {head.value.manifests}
    assert sorted(event.quality for event in published) == ["360p", "720p"]


async def test_what_died_attempts_and_steps_left_behind_is_deleted_after_the_end(
    tmp_path: Path, nats: NatsServer, weed: WeedServer
) -> None:
    info, sooner = source(4), {"transcode": {"sweep_every": 0.1, "leftovers_after": 0.5}}
    async with serving(tmp_path, nats, weed, uuid7(), sooner) as served:
        video_id = await served.upload()
        bucket = served.mesh.settings.objects.media_bucket
        # An attempt of a job that another one did, one of a job that was cut up, manifests that were never published.
        left = ("s/v0-00000-r1.1.9/360p/00000.m4s", "s/gone.1.1/x.m4s", "t/gone.1.1/0.jpg", "m/1-dead/master.m3u8")
        kept = ("s/v0-00000-r1.1.1/360p/00000.m4s",)
        for path in (*left, *kept):
            await served.objects.put(bucket, f"v/{video_id}/{path}", b"x")
        async with served.working(info):
            await served.ended(video_id)

            async def cleared() -> bool:
                return not set(left) & set(await served.stored(video_id))

            await eventually(cleared)
        stored = await served.stored(video_id)
        assert set(kept) <= set(stored)
        assert len([path for path in stored if path.endswith(".mpd")]) == 1

        async def looked_after_no_more() -> bool:
            page = await served.tables.scan(ACTIVE, {"shard": zlib.crc32(video_id.encode()) % SHARDS}, limit=10)
            return not page.rows

        await eventually(looked_after_no_more)


class SlowMedia(MediaStore):
    """A store that answers late, so that everybody is at the same step."""

    def __init__(self, objects: Objects, bucket: str) -> None:
        super().__init__(objects, bucket)

    async def put(self, video_id: str, path: str, text: str, content_type: str, cache_control: str) -> None:
        """As always, and late."""
        await super().put(video_id, path, text, content_type, cache_control)
        await asyncio.sleep(0.1)


async def _once_made(store: ProcessingStore, video_id: str, replica: Advancing) -> None:
    async with asyncio.timeout(10):
        while (head := await store.head(video_id)) is None or not all(t.done for t in head.value.tracks):  # noqa: ASYNC110
            await asyncio.sleep(0)
    await replica.advance(video_id)


async def test_a_purge_takes_everything_along_even_from_under_a_worker(served: Served) -> None:
    info = source(6)
    bucket = served.mesh.settings.objects.media_bucket
    async with served.working(info):
        video_id = await served.upload()
        await served.ended(video_id)
        half = await served.upload()
        other = await served.upload()
        await served.ended(other)
    held = await served.upload()
    job = f"{held}~p-r1~1"
    begun = await served.start(job)
    await served.objects.put(bucket, f"v/{held}/{begun.output_path}/x", b"x")
    for one in (video_id, half, held):
        await served.bus.publish(VideoPurged(video_id=one, channel_id=uuid7()), uuid7())

    async def gone() -> bool:
        return not (await served.stored(video_id) or await served.stored(held))

    await eventually(gone)
    request = GetProcessingRequest(video_id=video_id)
    assert (await refusal(served.service.GetProcessing(request, metadata=served.me))).reason_name == "VIDEO_NOT_FOUND"
    report = ReportJobRequest(job_id=job, attempt=1)
    assert (await refusal(served.service.ReportJob(report, metadata=served.worker))).reason_name == "JOB_NOT_FOUND"
    assert (await refusal(served.finish(job, 1, plausible(begun, info)))).reason_name == "JOB_NOT_FOUND"
    page = await served.tables.walk(PROCESSING, limit=1000)
    assert {row["video_id"] for row in page.rows} == {other}
    assert (await served.processing(other)).state == PROCESSING_STATE_PROCESSED


async def test_what_earlier_attempts_left_is_deleted_when_a_later_one_succeeds(served: Served) -> None:
    info, bucket = source(4, audio=0), served.mesh.settings.objects.media_bucket
    video_id = await served.upload()
    await served.do(f"{video_id}~p-r1~1", info)
    job = f"{video_id}~v0-00000-r1~1"
    for attempt in (1, 2):
        begun = await served.start(job, attempt)
        await served.objects.put(bucket, f"v/{video_id}/{begun.output_path}/360p/00000.m4s", b"x")
    await served.finish(job, 2, plausible(begun, info))
    assert [key for key in await served.stored(video_id) if key.startswith("s/v0-00000")] == [
        f"{begun.output_path}/360p/00000.m4s"
    ]


async def _true(value: object) -> bool:
    return bool(value)
