"""From finished jobs to tracks, manifests, files and answers; and how jobs are named."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import pytest

from mesh.errors import Fault
from svc_transcode.processing import domain, plan, view
from svc_transcode.processing.ids import JobId
from svc_transcode.processing.model import Failure, Kind, State
from svc_transcode.processing.packaging import IncompleteTrackError, file_of, gather, manifests
from vidmesh.transcode.v1.transcode_pb2 import (
    RENDITION_STATE_ENCODING,
    RENDITION_STATE_FAILED,
    RENDITION_STATE_PUBLISHED,
    RENDITION_STATE_QUEUED,
)

from .videos import NOW, done, planned, source


def test_a_track_is_its_chunks_in_order_each_from_the_newest_run_that_made_it() -> None:
    head, jobs = planned(source(20))
    rows = [done(job, head) for job in jobs.values() if job.kind is Kind.VIDEO]
    again = done(plan.again(rows[1], "720p", 2), head)
    gathered = gather(head.track("720p"), [again, *reversed(rows)])
    assert [path.partition("/720p/") for path, _ in gathered.objects[:2]] == [
        ("s/v0-00000-r1.1.1", "/720p/", "init.mp4"),
        ("s/v0-00000-r1.1.1", "/720p/", "00000.m4s"),
    ]
    assert [segment.start // 180_000 for segment in gathered.segments] == list(range(10))
    assert {segment.path.split("/")[1] for segment in gathered.segments[4:8]} == {"v0-00001-720p-r2.1.1"}


def test_a_track_that_misses_a_chunk_is_not_whole() -> None:
    head, jobs = planned(source(20))
    rows = [done(job, head) for job in jobs.values() if job.kind is Kind.VIDEO]
    with pytest.raises(IncompleteTrackError):
        gather(head.track("720p"), rows[:-1])


def test_manifests_name_what_is_stored_and_files_are_measured() -> None:
    info = source(20)
    head, jobs = planned(info)
    rows = [done(job, head) for job in jobs.values() if job.kind is not Kind.THUMBNAILS]
    gathered = [gather(track, rows) for track in head.tracks]
    texts = manifests(info, gathered, "1-ab")
    assert set(texts) == {
        f"m/1-ab/{name}"
        for name in ("master.m3u8", "manifest.mpd", "video-360p.m3u8", "video-720p.m3u8", "audio-0.m3u8")
    }
    assert "../../s/v0-00002-r1.1.1/720p/00009.m4s" in texts["m/1-ab/video-720p.m3u8"]
    made = file_of(gathered[1], info, "an-id", NOW)
    assert (made.size, made.samples, made.duration, made.bitrate) == (10 * 1000 + 10, 500, 20, 4000)
    digest = hashlib.sha256(bytes.fromhex("f" * 64))
    for n in range(10):
        digest.update(bytes.fromhex(f"{n:064x}"))
    assert made.checksum == digest.hexdigest()
    assert file_of(gathered[2], info, "an-id", NOW).samples == 0


def test_progress_weighs_renditions_by_their_cost_and_ends_with_reading_back() -> None:
    head, jobs = planned(source(20))
    assert [r.state for r in view.processing(head, 1, {}).renditions] == [RENDITION_STATE_QUEUED] * 3
    some = domain.chunk_made(head, jobs["v0-00000-r1"])
    running = {"360p": {"v0-00001-r1": 0.5}, "720p": {"v0-00001-r1": 0.5}}
    shown = view.processing(some, 7, running)
    assert (shown.sequence, shown.renditions[0].state) == (7, RENDITION_STATE_ENCODING)
    assert [round(r.progress, 3) for r in shown.renditions] == [0.5, 0.5, 0.0]
    small = next(r for r in shown.renditions if r.quality == "360p").progress * head.track("360p").cost
    large = next(r for r in shown.renditions if r.quality == "720p").progress * head.track("720p").cost
    assert shown.progress == pytest.approx(0.95 * (small + large) / sum(track.cost for track in head.tracks))


def test_a_rendition_that_failed_says_why_and_is_in_no_list_of_files() -> None:
    info = source(6)
    head, jobs = planned(info)
    rows = [done(job, head) for job in jobs.values() if job.kind is not Kind.THUMBNAILS]
    for job in rows:
        head = domain.chunk_made(head, job)
    head = domain.published(head, [track.name for track in head.tracks], "1-ab", NOW)
    files = [file_of(gather(track, rows), info, track.name, NOW) for track in head.tracks]
    head = domain.track_failed(head, "720p", Failure("PROCESSING", "Alas."))
    shown = view.processing(head, 1, {})
    assert [(r.state, r.failure_message) for r in shown.renditions] == [
        (RENDITION_STATE_PUBLISHED, ""),
        (RENDITION_STATE_FAILED, "Alas."),
        (RENDITION_STATE_PUBLISHED, ""),
    ]
    assert [file.quality for file in view.files(head, reversed(files))] == ["360p", "audio"]
    assert view.presentation(head, files).manifest_generation == 1
    dark = domain.track_failed(head, "360p", Failure("PROCESSING", "Alas."))
    assert view.presentation(dark, files).manifest_generation == 0
    assert view.processing(replace(head, state=State.PROCESSED), 1, {}).progress == 1.0


def test_a_jobs_id_names_its_release_and_no_folder_of_an_attempt_begins_like_anothers() -> None:
    job = JobId("abcdefghijk", "v0-00001-r1", 12)
    assert JobId.parse(str(job)) == job
    assert job.folder(Kind.VIDEO, 3) == "s/v0-00001-r1.12.3"
    assert job.folder(Kind.THUMBNAILS, 3).startswith("t/")
    assert job.folder(Kind.VIDEO, 3).startswith(job.outputs(Kind.VIDEO))
    assert not JobId("abcdefghijk", "v0-00001-r10", 1).folder(Kind.VIDEO, 1).startswith(job.outputs(Kind.VIDEO))


@pytest.mark.parametrize("text", ["", "a~b", "a~b~c", "a~b~1~2", "~~"])
def test_what_is_no_jobs_id_is_not_found(text: str) -> None:
    with pytest.raises(Fault) as refused:
        JobId.parse(text)
    assert refused.value.reason_name == "JOB_NOT_FOUND"
