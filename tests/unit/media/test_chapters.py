"""Chapters that are in a file."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import av
import pytest
from av.video.frame import VideoFrame
from hypothesis import given
from hypothesis import strategies as st

from svc_transcode.media.chapters import FEWEST, LEAST, MOST, MOST_TITLE, tidied
from svc_transcode.media.info import ChapterInfo
from svc_transcode.media.jobs import RESULT, Bounds, Probed, from_json, to_json
from svc_transcode.media.probe import examine

from .conftest import reader_over

if TYPE_CHECKING:
    from av.container.core import Chapter  # in the stub alone

MINUTE = Fraction(60)


def made(*said: tuple[int, str], duration: Fraction = MINUTE) -> list[tuple[int, str]]:
    return [(one.start, one.title) for one in tidied((ChapterInfo(*one) for one in said), duration)]


def test_chapters_are_in_order_and_the_first_is_from_the_start() -> None:
    assert made((20_000, "Two"), (40, "One"), (30_000, "Three")) == [(0, "One"), (20_000, "Two"), (30_000, "Three")]


def test_marks_that_follow_at_once_or_behind_the_end_belong_to_the_one_before() -> None:
    said = ((0, "One"), (999, "At once"), (10_000, "Two"), (10_000, "Again"), (60_000, "Behind"))
    assert made(*said) == [(0, "One"), (10_000, "Two")]


def test_one_chapter_is_none() -> None:
    assert made((0, "All of it")) == made((0, "One"), (60_000, "Behind")) == []


def test_a_chapter_without_a_title_is_called_by_its_number_and_a_title_is_one_line() -> None:
    assert made((0, ""), (5_000, " \0 "), (9_000, "The\nend\u202e!"), (20_000, "x" * 300)) == [
        (0, "Chapter 1"),
        (5_000, "Chapter 2"),
        (9_000, "The end !"),
        (20_000, "x" * 100),
    ]


@given(
    st.lists(st.builds(ChapterInfo, st.integers(-(2**63), 2**63 - 1) | st.integers(0, 90_000), st.text(max_size=200))),
    st.fractions(0, 90),
)
def test_whatever_a_file_says_what_is_shown_keeps_the_rules(said: list[ChapterInfo], duration: Fraction) -> None:
    found = tidied(said, duration)
    assert not found or FEWEST <= len(found) <= MOST
    assert not found or found[0].start == 0
    assert all(after.start - before.start >= LEAST for before, after in pairwise(found))
    assert all(one.start < duration * 1000 and 0 < len(one.title) <= MOST_TITLE for one in found)
    assert tidied(found, duration) == found


@pytest.mark.parametrize("kind", ["mp4", "mov", "mkv"])
def test_those_of_a_file_are_found_with_their_titles(kind: str, tmp_path: Path) -> None:
    path = written(tmp_path / f"clip.{kind}", [(0, "Anfang – früh"), (10, "Der Weg"), (20, "🏁")])
    with reader_over(path, parts=3) as reader:
        info, chapters = examine(reader, Bounds())
    assert [(one.start, one.title) for one in chapters] == [(0, "Anfang – früh"), (10_000, "Der Weg"), (20_000, "🏁")]
    result = Probed(info, chapters=chapters)
    assert from_json(RESULT, to_json(RESULT, result)) == result


def test_a_file_without_any_has_none(bunny: Path) -> None:
    with reader_over(bunny) as reader:
        assert examine(reader, Bounds())[1] == ()


def written(path: Path, chapters: list[tuple[int, str]], seconds: int = 30) -> Path:
    """A file of grey pictures."""
    with av.open(path, "w") as container:
        stream = container.add_stream("libx264", rate=10, options={"preset": "ultrafast"})
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        ends = [start for start, _ in chapters[1:]] + [seconds]
        marks: list[Chapter] = [
            {"id": number, "start": start, "end": end, "time_base": Fraction(1), "metadata": {"title": title}}
            for number, ((start, title), end) in enumerate(zip(chapters, ends, strict=True), 1)
        ]
        container.set_chapters(marks)
        for number in range(seconds * 10):
            frame = VideoFrame(64, 48, "yuv420p")
            frame.pts = number
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path
