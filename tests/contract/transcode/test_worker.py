"""What a worker does with jobs: real bus, real object store, real media children; its neighbours are small servers."""

from __future__ import annotations

import asyncio
import hashlib
import signal
import subprocess
from collections.abc import AsyncGenerator, Generator
from datetime import timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any

import psutil
import pytest

from mesh.bus import JobQueue, connect_bus
from mesh.objects import connect_objects
from mesh.testing.servers import NatsServer, WeedServer, nats_server, weed_server
from mesh.testing.serving import TestMesh
from svc_transcode.media import jobs as media
from svc_transcode.media.info import SourceInfo
from svc_transcode.media.ladder import ladder
from svc_transcode.media.parts import reader_of
from svc_transcode.media.probe import probe
from svc_transcode.worker.abilities import USED
from svc_transcode.worker.failures import GENERIC, NOT_READ_BACK
from vidmesh.transcode.v1.transcode_events_pb2 import TranscodeJob
from vidmesh.transcode.v1.transcode_pb2 import FailureReason, JobKind
from vidmesh.transcode.v1.transcode_service_pb2 import VerifyObject

from .worker_rig import NO_SOURCE, VIDEO, Rig, overrides, video_job

BUNNY = Path(__file__).parents[2] / "media" / "bigbuckbunny.mp4"
CUTS = (100_000, 300_001, 900_000)
PROBE = media.ProbeJob(NO_SOURCE)


@pytest.fixture(scope="module")
def nats(tmp_path_factory: pytest.TempPathFactory) -> Generator[NatsServer]:
    with nats_server(tmp_path_factory.mktemp("nats")) as server:
        yield server


@pytest.fixture(scope="module")
def weed(tmp_path_factory: pytest.TempPathFactory) -> Generator[WeedServer]:
    with weed_server(tmp_path_factory.mktemp("weed")) as server:
        yield server


@pytest.fixture
async def rig(tmp_path: Path, nats: NatsServer, weed: WeedServer) -> AsyncGenerator[Rig]:
    async with (
        TestMesh(tmp_path, overrides(nats, weed)) as mesh,
        connect_objects(mesh.settings.objects) as objects,
        connect_bus(mesh.settings.bus, "test") as bus,
    ):
        await objects.ensure_buckets()
        for bucket in (mesh.settings.objects.source_bucket, mesh.settings.objects.media_bucket):
            for folder in ("u/", "v/"):
                await objects.delete_prefix(bucket, folder)
        async with Rig(mesh, objects, JobQueue(bus, TranscodeJob, max_attempts=4), tmp_path) as rig:
            await rig.put_source(BUNNY.read_bytes(), cuts=CUTS)
            yield rig


@pytest.fixture(scope="module")
def info() -> SourceInfo:
    with reader_of(BUNNY) as reader:
        return probe(reader, media.Bounds()).bare()


def objects_of(folder: str, track: media.TrackMade) -> tuple[VerifyObject, ...]:
    files = (track.init, *(segment.file for segment in track.segments))
    return tuple(VerifyObject(path=f"{folder}/{file.path}", size_bytes=file.size, sha256=file.sha256) for file in files)


async def eventually(condition: Any, seconds: float = 30) -> None:
    async with asyncio.timeout(seconds):
        while not await condition():  # noqa: ASYNC110 (what is waited for is in another process)
            await asyncio.sleep(0.05)


async def test_a_worker_says_what_it_can_do_before_it_takes_a_job_and_when_it_ends(rig: Rig) -> None:
    draining = await rig.worker("able", slots=2)
    await rig.desk.until(lambda: bool(rig.desk.announced))
    told = rig.desk.announced[0]
    assert (told.name, told.slots, told.leaving) == ("able", 2, False)
    assert set(USED) <= set(told.encoders)
    assert told.memory_bytes > 0
    await rig.result_of(await rig.submit("p", PROBE))
    draining.set()
    await rig.desk.until(lambda: rig.desk.announced[-1].leaving)


async def test_it_takes_no_job_of_another_crew(rig: Rig) -> None:
    other = await rig.submit("other", PROBE, crew="of-others")
    await rig.worker()
    await rig.result_of(await rig.submit("own", PROBE))
    assert other.started == []


async def test_a_part_that_has_not_arrived_is_named_and_counts_as_no_failure(rig: Rig, info: SourceInfo) -> None:
    await rig.worker()
    rig.library.arrived[VIDEO] = {1, 2, 4}
    assignment = await rig.submit("v", video_job(info, ladder(1280, 720)[0]))
    end = await rig.end_of(assignment)
    assert (end.WhichOneof("outcome"), end.missing_part.number) == ("missing_part", 3)
    assert await rig.stored(f"v/{VIDEO}/") == set()

    probed = await rig.result_of(await rig.submit("p", PROBE))
    assert isinstance(probed, media.Probed)
    assert probed.info.bare() == info
    assert probed.info.index, "what can be begun with is known by the index"
    rig.library.arrived[VIDEO].add(3)
    made = await rig.result_of(await rig.submit("v2", video_job(info, ladder(1280, 720)[0])))
    assert isinstance(made, media.VideoMade)
    assert made.frames == 132


async def test_a_storyboard_is_made_of_what_was_stored_and_its_text_names_its_sheets(
    rig: Rig, info: SourceInfo
) -> None:
    await rig.worker()
    video = await rig.submit("v", video_job(info, ladder(1280, 720)[0]))
    pictures = await rig.result_of(video)
    assert isinstance(pictures, media.VideoMade)
    stored = objects_of("s/v.1", pictures.tracks[0])
    starts = tuple(Fraction(2 * n) for n in range(len(stored) - 1))
    job = media.StoryboardJob(NO_SOURCE, starts, info.video_duration, 160, 90)

    made = await rig.result_of(await rig.submit("b", job, objects=stored))

    assert isinstance(made, media.StoryboardMade)
    assert await rig.stored(f"v/{VIDEO}/s/b.1/") == {"sheet-0.jpg", "storyboard.vtt"}
    text = await rig.objects.get(rig.media_bucket, f"v/{VIDEO}/s/b.1/storyboard.vtt")
    assert text.decode().count("sheet-0.jpg#xywh=") == len(starts) == 3
    about = await rig.objects.head(rig.media_bucket, f"v/{VIDEO}/s/b.1/storyboard.vtt")
    assert about is not None
    assert about.content_type == "text/vtt; charset=utf-8"


async def test_every_kind_of_job_is_done_and_what_it_made_is_in_the_store(rig: Rig, info: SourceInfo) -> None:
    await rig.worker(slots=2)
    assert await rig.result_of(await rig.submit("p", PROBE)) == media.Probed(info)

    small, large = ladder(1280, 720)
    video = await rig.submit("v", video_job(info, small, large))
    sound = await rig.submit("a", media.AudioJob(NO_SOURCE, info, info.audio[0].stream_index))
    stills = await rig.submit("t", media.ThumbnailJob(NO_SOURCE, info, (Fraction(1), Fraction(3))))
    pictures, heard, seen = [await rig.result_of(one) for one in (video, sound, stills)]

    assert isinstance(pictures, media.VideoMade)
    assert isinstance(heard, media.AudioMade)
    assert heard.track is not None
    assert isinstance(seen, media.ThumbnailsMade)
    assert [track.quality for track in pictures.tracks] == ["360p", "720p"]
    assert len(seen.thumbnails) == 3
    made = [(file, "v", "video/mp4") for track in pictures.tracks for file in files_of(track)]
    made += [(file, "a", "audio/mp4") for file in files_of(heard.track)]
    made += [(still.file, "t", "image/jpeg") for still in seen.thumbnails]
    for file, job, content_type in made:
        key = f"v/{VIDEO}/s/{job}.1/{file.path}"
        assert hashlib.sha256(await rig.objects.get(rig.media_bucket, key)).hexdigest() == file.sha256
        head = await rig.objects.head(rig.media_bucket, key)
        assert head is not None
        assert (head.size, head.content_type) == (file.size, content_type)
    assert len(await rig.stored(f"v/{VIDEO}/")) == len(made)

    back = [
        await rig.submit(f"y{n}", media.VerifyJob(NO_SOURCE), objects=objects_of(f"s/{job}.1", track))
        for n, (job, track) in enumerate([("v", pictures.tracks[0]), ("v", pictures.tracks[1]), ("a", heard.track)])
    ]
    read = [await rig.result_of(one) for one in back]
    assert [one.frames for one in read[:2] if isinstance(one, media.Verified)] == [pictures.frames] * 2
    assert rig.library.asked == 2, "the list of parts (two pages) is asked for once"
    assert {start.worker for one in (video, sound, stills) for start in one.started} <= {"w/1", "w/2"}


def files_of(track: media.TrackMade) -> list[media.File]:
    return [track.init, *(segment.file for segment in track.segments)]


async def test_a_file_that_is_no_video_fails_for_good_with_a_sentence_for_its_owner(rig: Rig) -> None:
    await rig.put_source(b"These are not the bytes of a video.\n" * 1000, "notAVideo__")
    await rig.worker()
    job = await rig.submit("p", PROBE, video_id="notAVideo__")
    failure = (await rig.end_of(job)).failure
    assert (failure.permanent, failure.reason) == (True, FailureReason.FAILURE_REASON_NOT_A_VIDEO)
    assert failure.message == "The file is not a video."


async def test_a_source_that_is_gone_fails_for_good(rig: Rig) -> None:
    await rig.worker()
    job = await rig.submit("p", PROBE, video_id="deletedOne_")
    failure = (await rig.end_of(job)).failure
    assert (failure.permanent, failure.reason) == (True, FailureReason.FAILURE_REASON_PROCESSING)


async def test_a_part_that_is_not_what_was_uploaded_costs_attempts_that_come_when_they_are_said_to(rig: Rig) -> None:
    key = rig.library.sources[VIDEO][0].object_key
    await rig.objects.put(rig.source_bucket, key, b"other bytes")
    await rig.worker()
    job = await rig.submit("p", PROBE, retry_after=timedelta(seconds=0.2))
    await rig.desk.until(lambda: len(job.ends) == 2)
    assert [end.attempt for end in job.ends] == [1, 2]
    failure = job.ends[-1].failure
    assert (failure.permanent, failure.message) == (False, GENERIC)
    assert "SHA-256" in failure.detail
    await rig.objects.put(rig.source_bucket, key, BUNNY.read_bytes()[: CUTS[0]])
    await rig.desk.until(lambda: len(job.ends) == 3)
    assert job.ends[-1].result


async def test_a_stored_segment_that_was_changed_is_found_by_reading_back(rig: Rig, info: SourceInfo) -> None:
    await rig.worker()
    made = await rig.result_of(await rig.submit("v", video_job(info, ladder(1280, 720)[0])))
    assert isinstance(made, media.VideoMade)
    objects = objects_of("s/v.1", made.tracks[0])
    await rig.objects.put(rig.media_bucket, f"v/{VIDEO}/{objects[1].path}", b"rot")
    failure = (await rig.end_of(await rig.submit("y", media.VerifyJob(NO_SOURCE), objects=objects))).failure
    assert (failure.permanent, failure.reason) == (True, FailureReason.FAILURE_REASON_PROCESSING)
    assert failure.message == NOT_READ_BACK


async def test_a_job_tells_how_far_it_is_and_is_stopped_as_soon_as_it_is_fenced(rig: Rig, info: SourceInfo) -> None:
    await rig.worker()
    job = await rig.submit("v", video_job(info, ladder(1280, 720)[1], preset="slow"))
    await rig.desk.until(lambda: len(job.reports) == 2)
    job.fenced = True
    assert 0 < job.reports[0].progress < job.reports[1].progress < 1
    after = await rig.submit("p-after", PROBE)
    await rig.result_of(after)
    assert not job.ends, "the slot was free for the next job, and the fenced one never ended"
    assert not await rig.stored(f"v/{VIDEO}/s/v.1/")


async def test_what_a_job_stored_is_deleted_where_it_is_fenced_at_its_end(rig: Rig, info: SourceInfo) -> None:
    await rig.worker()
    job = await rig.submit("v", video_job(info, ladder(1280, 720)[0]))

    async def stored() -> bool:
        return bool(await rig.stored(f"v/{VIDEO}/s/v.1/"))

    await rig.desk.until(lambda: bool(job.started))
    rig.desk.finishing.clear()
    await eventually(stored)
    job.fenced = True
    rig.desk.finishing.set()

    async def deleted() -> bool:
        return not await stored()

    await eventually(deleted)
    assert not job.ends


async def test_the_next_worker_takes_the_job_of_one_that_was_killed(rig: Rig, info: SourceInfo) -> None:
    first = rig.process("first")
    job = await rig.submit("v", video_job(info, ladder(1280, 720)[1], preset="slower"))
    await rig.desk.until(lambda: bool(job.started))
    first.send_signal(signal.SIGKILL)
    first.wait()
    job.response.spec = media.to_json(media.JOB, video_job(info, ladder(1280, 720)[0]))
    await rig.worker("second")
    end = await rig.end_of(job)
    assert end.result
    assert [(start.attempt, start.worker) for start in job.started] == [(1, "first/1"), (2, "second/1")]
    assert [path.name for path in rig.scratch.iterdir() if path.is_dir()] == ["second"], "the dead one's is removed"


async def test_a_worker_that_is_told_to_end_gives_its_job_back_and_leaves_nothing(rig: Rig, info: SourceInfo) -> None:
    process = rig.process("one")
    job = await rig.submit("v", video_job(info, ladder(1280, 720)[1], preset="slower"))
    await rig.desk.until(lambda: bool(job.reports))
    children = children_of(process)
    assert children
    process.terminate()
    assert await asyncio.to_thread(process.wait, 5) == 0
    assert not any(psutil.pid_exists(child) for child in children)
    assert not list(rig.scratch.iterdir())
    job.response.spec = media.to_json(media.JOB, PROBE)
    job.response.kind = JobKind.JOB_KIND_PROBE
    await rig.worker("two")
    assert (await rig.end_of(job)).attempt == 2


def children_of(process: subprocess.Popen[bytes]) -> list[int]:
    return [child.pid for child in psutil.Process(process.pid).children()]
