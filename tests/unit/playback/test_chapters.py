"""Whose chapters a player is given."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from mesh.config import Edge
from svc_playback.playback.answers import Answers
from svc_playback.playback.chapters import NONE, chapters_of
from vidmesh.playback.v1.playback_pb2 import ChapterOrigin
from vidmesh.playback.v1.playback_service_pb2 import GetPlaybackRequest
from vidmesh.transcode.v1.transcode_pb2 import VideoFile
from vidmesh.transcode.v1.transcode_service_pb2 import GetPresentationResponse, SourceChapter
from vidmesh.upload.v1.video_pb2 import Chapter
from vidmesh.upload.v1.video_service_pb2 import CheckViewerResponse

Starts = Sequence[int]
CREATOR, DESCRIPTION, FILE = (
    ChapterOrigin.CHAPTER_ORIGIN_CREATOR,
    ChapterOrigin.CHAPTER_ORIGIN_DESCRIPTION,
    ChapterOrigin.CHAPTER_ORIGIN_FILE,
)


def viewer(creator: Starts = (), description: Starts = ()) -> CheckViewerResponse:
    told = CheckViewerResponse()
    for field, starts in ((told.video.chapters, creator), (told.description_chapters, description)):
        for start in starts:
            chapter = Chapter(title=f"at {start}")
            chapter.start_time.FromMilliseconds(start)
            field.append(chapter)
    return told


def presentation(length: int, file: Starts = ()) -> GetPresentationResponse:
    told = GetPresentationResponse()
    told.duration.FromMilliseconds(length)
    for start in file:
        chapter = SourceChapter(title=f"at {start}")
        chapter.start_time.FromMilliseconds(start)
        told.chapters.append(chapter)
    return told


def test_the_creators_word_comes_before_the_descriptions_and_that_before_the_files() -> None:
    file = presentation(60_000, [0, 30_000])
    assert chapters_of(viewer([0, 10_000], [0, 20_000]), file).origin == CREATOR
    assert chapters_of(viewer([], [0, 20_000]), file).origin == DESCRIPTION
    assert chapters_of(viewer(), file).origin == FILE
    assert chapters_of(viewer(), presentation(60_000)) == NONE


def test_each_ends_where_the_next_begins_and_the_last_with_the_video() -> None:
    found = chapters_of(viewer([0, 10_000, 25_500]), presentation(60_040)).messages
    assert [(one.start_time.ToMilliseconds(), one.end_time.ToMilliseconds(), one.title) for one in found] == [
        (0, 10_000, "at 0"),
        (10_000, 25_500, "at 10000"),
        (25_500, 60_040, "at 25500"),
    ]


def test_what_begins_behind_the_end_is_left_out_and_one_chapter_is_none() -> None:
    assert len(chapters_of(viewer([0, 10_000, 60_000]), presentation(60_000)).messages) == 2
    assert chapters_of(viewer([0, 60_000]), presentation(60_000, [0, 20_000])).origin == FILE


ANY = st.lists(st.integers(0, 90_000), max_size=6, unique=True).map(
    lambda starts: sorted({0, *starts}) if starts else []
)


@given(ANY, ANY, ANY, st.integers(1, 90_000))
def test_chapters_have_no_gap(creator: Starts, description: Starts, file: Starts, length: int) -> None:
    told = presentation(length, file)
    found = chapters_of(viewer(creator, description), told)
    assert (found.origin == 0) == (not found.messages)
    assert not found.messages or found.messages[0].start_time.ToMilliseconds() == 0
    assert not found.messages or found.messages[-1].end_time == told.duration
    assert all(before.end_time == after.start_time for before, after in pairwise(found.messages))
    assert all(one.start_time.ToNanoseconds() < one.end_time.ToNanoseconds() for one in found.messages)


def test_chapters_that_changed_are_in_the_next_answer() -> None:
    answers, asked, told = Answers(), GetPlaybackRequest(video_id="abcdefghijk"), presentation(60_000, [0, 20_000])
    told.files.append(VideoFile(quality="360p", codec="avc1.640028", width=640, height=360))

    def origin(of: CheckViewerResponse) -> ChapterOrigin.ValueType:
        there = Edge(name="here", url="https://here.example")
        return answers.playback(asked, of, told, there, "t", datetime(2030, 1, 1, tzinfo=UTC)).chapter_origin

    assert [origin(viewer()), origin(viewer([0, 5_000])), origin(viewer([], [0, 5_000])), origin(viewer())] == [
        FILE,
        CREATOR,
        DESCRIPTION,
        FILE,
    ]
