"""From what StartJob says to a job, and from a failure to what is told."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest

from mesh.config import load_settings
from mesh.errors import precondition, unavailable
from mesh.objects.errors import ObjectDamaged, ObjectMissing, ObjectsUnavailable
from svc_transcode.media import jobs as media
from svc_transcode.media.errors import (
    ChildCrashed,
    ChildExhausted,
    ChildTimedOut,
    MediaRejected,
    PartUnavailable,
    RejectReason,
    Spent,
)
from svc_transcode.media.info import AudioInfo, IndexPoint, SourceInfo, VideoInfo
from svc_transcode.media.ladder import ladder
from svc_transcode.worker.failures import GENERIC, MOST_DETAIL, NOT_READ_BACK, SOURCE_GONE, failure_of
from svc_transcode.worker.orders import fits, reading_back, told, working_on
from svc_transcode.worker.pieces import Piece
from svc_transcode.worker.program import limits_of, limits_of_probes
from svc_transcode.worker.progress import NEARLY, share_of
from svc_transcode.worker.sources import Source
from vidmesh.common.v1.error_reason_pb2 import ErrorReason
from vidmesh.transcode.v1.transcode_pb2 import FailureReason, JobKind
from vidmesh.transcode.v1.transcode_service_pb2 import StartJobResponse, VerifyObject

NONE = media.Source(())
VIDEO = VideoInfo(
    stream_index=0,
    codec="h264",
    profile="High",
    pixel_format="yuv420p",
    bit_depth=8,
    width=640,
    height=360,
    coded_width=640,
    coded_height=360,
    sample_aspect_ratio=Fraction(1),
    rotation=0,
    frame_rate=Fraction(25),
    variable_frame_rate=False,
    interlaced=False,
    color_transfer="",
    color_primaries="",
    color_matrix="",
    full_range=False,
)
INFO = SourceInfo(
    container="mp4",
    size=1000,
    origin=Fraction(0),
    duration=Fraction(21),
    video_duration=Fraction(20),
    bitrate=400,
    video=VIDEO,
    audio=(AudioInfo(1, "aac", 2, "stereo", 48000, "und", default=True),),
    index=(IndexPoint(Fraction(0), 0, 1000),),
)
CHUNK = media.VideoJob(NONE, INFO, Fraction(8), Fraction(16), ladder(640, 360))
PIECES = (Piece("source", "u/1", 600, "aa"), Piece("source", "u/2", 400, "bb"))


def test_a_job_gets_the_sizes_of_the_parts_and_keeps_the_bounds_of_its_spec() -> None:
    spec = replace(CHUNK, source=media.Source((), media.Bounds(max_pixels=7, max_seconds=8)))
    source = Source((600, 400), dict(enumerate(PIECES)), complete=True)
    order = working_on(StartJobResponse(spec=media.to_json(media.JOB, spec)), source)
    assert order.job == replace(spec, source=media.Source((600, 400), media.Bounds(7, 8)))
    assert (order.pieces, order.complete) == (PIECES, True)


def test_a_part_that_has_not_arrived_has_its_size_and_no_piece() -> None:
    source = Source((600, 400), {1: PIECES[1]}, complete=False)
    order = working_on(StartJobResponse(spec=media.to_json(media.JOB, CHUNK)), source)
    assert order.job.source.part_sizes == (600, 400)
    assert (order.pieces, order.complete) == ((None, PIECES[1]), False)


def test_reading_back_reads_the_stored_objects_in_their_order() -> None:
    stored = [VerifyObject(path="s/a/init.mp4", size_bytes=9, sha256="aa"), VerifyObject(path="s/b", size_bytes=5)]
    begun = StartJobResponse(video_id="video", kind=JobKind.JOB_KIND_VERIFY, objects=stored)
    order = reading_back(begun, "media", media.Bounds(3, 4))
    assert order.job == media.VerifyJob(media.Source((9, 5), media.Bounds(3, 4)))
    assert order.pieces == (Piece("media", "v/video/s/a/init.mp4", 9, "aa"), Piece("media", "v/video/s/b", 5, ""))


def test_reading_nothing_back_is_refused() -> None:
    with pytest.raises(ValueError, match="nothing"):
        reading_back(StartJobResponse(video_id="video"), "media", media.Bounds())


def test_a_result_of_another_kind_does_not_fit() -> None:
    assert fits(CHUNK, media.VideoMade((), 0))
    assert not fits(CHUNK, media.Probed(INFO))


def test_a_file_to_keep_has_the_name_that_was_asked_for() -> None:
    job = media.DownloadJob(NONE, 3, 100, "film-360p.mp4")
    assert fits(job, media.DownloadMade(media.File("film-360p.mp4", 7, "aa")))
    assert not fits(job, media.DownloadMade(media.File("other.mp4", 7, "aa")))


def test_a_probe_is_told_without_its_index_once_nobody_waits_for_parts() -> None:
    assert media.from_json(media.RESULT, told(media.Probed(INFO), complete=True)) == media.Probed(INFO.bare())
    assert media.from_json(media.RESULT, told(media.Probed(INFO), complete=False)) == media.Probed(INFO)
    assert not INFO.bare().index


@pytest.mark.parametrize(
    ("job", "done", "share"),
    [
        (CHUNK, 50, 0.25),
        (replace(CHUNK, end=None), 150, 0.5),
        (CHUNK, 10_000, NEARLY),
        (media.AudioJob(NONE, INFO, 1), 5, 10 / 21),
        (media.ThumbnailJob(NONE, INFO, (Fraction(1), Fraction(2))), 1, 0.5),
        (media.ProbeJob(NONE), 3, 0.0),
        (media.VerifyJob(NONE), 3, 0.0),
        (media.DownloadJob(media.Source((600, 400, 9, 5)), 2, 10, "film.mp4"), 1, 0.25),
    ],
)
def test_progress_is_the_share_of_what_is_expected(job: media.Job, done: int, share: float) -> None:
    assert share_of(job, done) == pytest.approx(share)


@pytest.mark.parametrize(
    ("reason", "told_as"),
    [
        (RejectReason.NOT_A_VIDEO, FailureReason.FAILURE_REASON_NOT_A_VIDEO),
        (RejectReason.NO_VIDEO_STREAM, FailureReason.FAILURE_REASON_NOT_A_VIDEO),
        (RejectReason.EMPTY, FailureReason.FAILURE_REASON_NOT_A_VIDEO),
        (RejectReason.UNSUPPORTED_FORMAT, FailureReason.FAILURE_REASON_UNSUPPORTED),
        (RejectReason.UNSUPPORTED_CODEC, FailureReason.FAILURE_REASON_UNSUPPORTED),
        (RejectReason.TOO_LARGE_PICTURE, FailureReason.FAILURE_REASON_TOO_LARGE),
        (RejectReason.TOO_LONG, FailureReason.FAILURE_REASON_TOO_LARGE),
        (RejectReason.DAMAGED, FailureReason.FAILURE_REASON_DAMAGED),
    ],
)
def test_a_refused_source_fails_for_good_in_the_words_of_the_refusal(
    reason: RejectReason, told_as: FailureReason.ValueType
) -> None:
    failure = failure_of(MediaRejected(reason, "A sentence."), JobKind.JOB_KIND_PROBE)
    assert (failure.permanent, failure.reason, failure.message) == (True, told_as, "A sentence.")


def test_every_reason_of_a_refusal_is_told() -> None:
    for reason in RejectReason:
        assert failure_of(MediaRejected(reason, "."), JobKind.JOB_KIND_PROBE).reason


@pytest.mark.parametrize(
    "error",
    [
        ChildCrashed(9, None),
        ChildTimedOut(3.0),
        PartUnavailable(1, "away"),
        ObjectsUnavailable("away"),
        ObjectMissing("gone"),
        ObjectDamaged("other bytes"),
        unavailable(),
        OSError(28, "No space left on device"),
    ],
)
def test_anything_else_may_go_better_next_time_and_tells_its_owner_no_detail(error: Exception) -> None:
    failure = failure_of(error, JobKind.JOB_KIND_VIDEO)
    assert (failure.permanent, failure.reason) == (False, FailureReason.FAILURE_REASON_PROCESSING)
    assert failure.message == GENERIC
    assert type(error).__name__ in failure.detail


@pytest.mark.parametrize(("spent", "word"), [(Spent.MEMORY, "memory"), (Spent.WORK, "work")])
def test_a_file_that_takes_more_than_it_is_given_fails_at_once_and_its_owner_reads_of_what(
    spent: Spent, word: str
) -> None:
    failure = failure_of(ChildExhausted(spent), JobKind.JOB_KIND_PROBE)
    assert (failure.permanent, failure.reason) == (True, FailureReason.FAILURE_REASON_TOO_DEMANDING)
    assert f"more {word} " in failure.message
    assert not failure_of(ChildExhausted(spent), JobKind.JOB_KIND_VERIFY).permanent


def test_work_ends_before_time_does_so_that_a_busy_file_is_told_from_a_busy_machine() -> None:
    settings = load_settings().transcode
    for limits in (limits_of(settings), limits_of_probes(settings)):
        assert limits.cpu_seconds < limits.wall_seconds
    assert limits_of_probes(settings).wall_seconds < limits_of(settings).wall_seconds


@pytest.mark.parametrize(
    "error", [MediaRejected(RejectReason.DAMAGED, "Yours is damaged."), ObjectMissing("a"), ObjectDamaged("b")]
)
def test_what_cannot_be_read_back_is_never_blamed_on_the_owner(error: Exception) -> None:
    failure = failure_of(error, JobKind.JOB_KIND_VERIFY)
    assert (failure.permanent, failure.reason) == (True, FailureReason.FAILURE_REASON_PROCESSING)
    assert failure.message == NOT_READ_BACK


def test_a_source_that_is_gone_fails_for_good() -> None:
    failure = failure_of(precondition(ErrorReason.ERROR_REASON_SOURCE_GONE, "Gone."), JobKind.JOB_KIND_VIDEO)
    assert (failure.permanent, failure.message) == (True, SOURCE_GONE)


def test_the_detail_for_the_log_is_bounded() -> None:
    assert len(failure_of(ChildCrashed(11, None, "x" * 10_000), JobKind.JOB_KIND_VIDEO).detail) == MOST_DETAIL
