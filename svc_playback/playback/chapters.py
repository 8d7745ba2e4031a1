"""Which chapters a player is given: those that were set, those of the description, or those of the file. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from google.protobuf.duration_pb2 import Duration

from vidmesh.playback.v1.playback_pb2 import ChapterOrigin, PlaybackChapter
from vidmesh.transcode.v1.transcode_service_pb2 import GetPresentationResponse, SourceChapter
from vidmesh.upload.v1.video_pb2 import Chapter
from vidmesh.upload.v1.video_service_pb2 import CheckViewerResponse

FEWEST: Final = 2
"""One chapter says nothing about a video."""


@dataclass(frozen=True, slots=True)
class Chapters:
    """As the contract shows them."""

    origin: ChapterOrigin.ValueType
    messages: tuple[PlaybackChapter, ...]


NONE: Final = Chapters(ChapterOrigin.CHAPTER_ORIGIN_UNSPECIFIED, ())


def chapters_of(viewer: CheckViewerResponse, presentation: GetPresentationResponse) -> Chapters:
    """The chapters of the first who says any that begin before the video ends; each ends where the next begins."""
    said = (
        (ChapterOrigin.CHAPTER_ORIGIN_CREATOR, viewer.video.chapters),
        (ChapterOrigin.CHAPTER_ORIGIN_DESCRIPTION, viewer.description_chapters),
        (ChapterOrigin.CHAPTER_ORIGIN_FILE, presentation.chapters),
    )
    for origin, chapters in said:
        if len(found := tuple(_until(chapters, presentation.duration))) >= FEWEST:
            return Chapters(origin, found)
    return NONE


def same_chapters(one: CheckViewerResponse, other: CheckViewerResponse) -> bool:
    """Whether both say the same of a video's chapters."""
    return one is other or (
        one.video.chapters == other.video.chapters and one.description_chapters == other.description_chapters
    )


def _until(chapters: Iterable[Chapter | SourceChapter], end: Duration) -> Iterable[PlaybackChapter]:
    before_end = [chapter for chapter in chapters if chapter.start_time.ToNanoseconds() < end.ToNanoseconds()]
    ends = [*(chapter.start_time for chapter in before_end[1:]), end]
    for chapter, until in zip(before_end, ends, strict=False):
        yield PlaybackChapter(start_time=chapter.start_time, end_time=until, title=chapter.title)
