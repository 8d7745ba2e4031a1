"""Chapters of the source: kept with the head, and told with what a player needs."""

from __future__ import annotations

from svc_transcode.media import jobs as media
from svc_transcode.media.info import ChapterInfo
from svc_transcode.processing import domain, outcomes, view
from svc_transcode.processing.model import HEAD, Head, Kind, State
from svc_transcode.processing.packaging import file_of, gather

from .videos import NOW, VIDEO_ID, done, plans, source

INFO = source(60)
TWO = (ChapterInfo(0, "One"), ChapterInfo(20_000, "Two"))


def probed(*found: ChapterInfo) -> Head:
    head = Head(VIDEO_ID, "a-channel", 1000, State.PROBING, run=1, start_time=NOW)
    return outcomes.probed(head, media.Probed(INFO, chapters=found), plans(INFO))[0]


def test_those_that_a_probe_found_are_told_once_the_video_can_be_played() -> None:
    head = probed(*TWO)
    assert HEAD.validate_json(HEAD.dump_json(head)).chapters == TWO
    assert not view.presentation(head, []).chapters
    rows = [done(job, head) for job in plans(INFO).jobs if job.kind is not Kind.THUMBNAILS]
    for job in rows:
        head = domain.chunk_made(head, job)
    head = domain.published(head, [track.name for track in head.tracks], "1-ab", NOW)
    files = [file_of(gather(track, rows), INFO, track.name, NOW) for track in head.tracks]
    shown = view.presentation(head, files).chapters
    assert [(one.start_time.ToMilliseconds(), one.title) for one in shown] == [(0, "One"), (20_000, "Two")]


def test_what_a_media_process_says_is_held_to_the_rules_again() -> None:
    many = [ChapterInfo(number * 10, "x" * 1000) for number in range(10_000)]
    head = probed(*many)
    assert len(head.chapters) == 60
    assert all(len(one.title) == 100 for one in head.chapters)


def test_heads_from_before_there_were_chapters_have_none() -> None:
    text = HEAD.dump_json(probed(*TWO), exclude={"chapters"})
    assert HEAD.validate_json(text).chapters == ()
