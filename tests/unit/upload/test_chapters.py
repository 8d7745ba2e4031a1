"""Chapters that people set, and those that a description lists."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mesh.errors import Fault
from svc_upload.videos import chapters, edits
from svc_upload.videos.chapters import Chapter, in_description
from svc_upload.videos.domain import Texts
from svc_upload.videos.rows import record_of, row_of
from vidmesh.upload.v1.video_pb2 import Chapter as Message
from vidmesh.upload.v1.video_pb2 import Video

from .videos import video

HOUR = 3600 * 10**9


def messages(*said: tuple[float, str]) -> list[Message]:
    made = [Message(title=title) for _, title in said]
    for message, (seconds, _) in zip(made, said, strict=True):
        message.start_time.FromMilliseconds(round(seconds * 1000))
    return made


def listed(*lines: str, length: int | None = HOUR) -> list[tuple[int, str]]:
    """The chapters in a description, in seconds."""
    return [(one.start // 1000, one.title) for one in in_description("\n".join(lines), length)]


# In a description


def test_lines_that_begin_with_their_time_are_chapters() -> None:
    found = listed(
        "What a day!",
        "",
        "0:00 Intro",
        "1:30 The walk",
        "1:02:03 - The end",
        "",
        "Music: 3:40 by somebody",
        length=2 * HOUR,
    )
    assert found == [(0, "Intro"), (90, "The walk"), (3723, "The end")]


@pytest.mark.parametrize(
    ("line", "title"),
    [
        ("00:20 Two", "Two"),
        ("  0:20   Two ", "Two"),
        ("- 0:20 Two", "Two"),
        ("• [0:20] Two", "Two"),
        ("(00:20) – Two", "Two"),
        ("0:20 | Two | and more", "Two | and more"),
        ("0:20: Two", "Two"),
        ("0:00:20 Two", "Two"),
        ("0:20\tTwo\u202e\x07s", "Two s"),
        ("0:20 " + "x" * 120, "x" * 100),
    ],
)
def test_people_write_them_in_many_ways(line: str, title: str) -> None:
    assert listed("0:00 One", line, "0:40 Three")[1] == (20, title)


@pytest.mark.parametrize(
    "line",
    ["0:20", "0:20 -", "0:2 Two", "0:60 Two", "1:60:00 Two", "at 0:20 Two", "0:20Two", "1234:00 Two", "٠:٢٠ Two"],
)
def test_other_lines_are_no_chapters(line: str) -> None:
    assert listed("0:00 One", line, "0:40 Three", "1:00 Four") == [(0, "One"), (40, "Three"), (60, "Four")]


def test_minutes_may_be_more_than_an_hour_has() -> None:
    assert listed("0:00 One", "20:00 Two", "75:30 Three", length=2 * HOUR)[2] == (4530, "Three")


@pytest.mark.parametrize(
    "lines",
    [
        ("0:00 One", "0:20 Two"),
        ("0:01 One", "0:20 Two", "0:40 Three"),
        ("0:00 One", "0:09 Two", "0:40 Three"),
        ("0:00 One", "0:40 Two", "0:20 Three"),
        ("0:00 One", "0:20 Two", "0:20 Three"),
        ("0:20 Two", "0:00 One", "0:40 Three"),
    ],
    ids=["fewer than three", "not from the start", "shorter than ten seconds", "falling", "twice", "start not first"],
)
def test_a_list_that_breaks_a_rule_is_none(lines: Sequence[str]) -> None:
    assert listed(*lines) == []


def test_the_last_one_is_ten_seconds_long_as_well() -> None:
    lines = ("0:00 One", "0:20 Two", "0:40 Three")
    assert len(listed(*lines, length=50 * 10**9)) == 3
    assert listed(*lines, length=50 * 10**9 - 10**6) == []
    assert listed(*lines, length=30 * 10**9) == []
    assert len(listed(*lines, length=None)) == 3


@given(
    st.text(max_size=5000) | st.text(alphabet="0123456789:- \n[](x", max_size=5000),
    st.none() | st.integers(1, 50 * HOUR),
)
def test_whatever_a_description_says_the_rules_hold_of_what_is_found(text: str, length: int | None) -> None:
    found = in_description(text, length)
    assert not found or (found[0].start == 0 and 3 <= len(found) <= chapters.MOST)
    assert all(after.start - before.start >= chapters.LEAST_DESCRIBED for before, after in pairwise(found))
    assert all(one.title == chapters.clean(one.title) != "" for one in found)
    assert not found or length is None or found[-1].start * 10**6 < length


@given(st.lists(st.tuples(st.integers(10, 400), st.text(alphabet="abc dé", min_size=1)), min_size=2, max_size=40))
def test_a_list_that_keeps_the_rules_is_found_whole(steps: list[tuple[int, str]]) -> None:
    wanted, now = [(0, "Intro")], 0
    for step, title in steps:
        now += step
        wanted.append((now, f"x{title}".strip()))
    lines = [f"{start // 3600}:{start // 60 % 60:02d}:{start % 60:02d} {title}" for start, title in wanted]
    assert listed(*lines, length=(now + 10) * 10**9) == [(start, chapters.clean(title)) for start, title in wanted]


# Set by people


def test_chapters_that_were_set_are_kept_to_the_millisecond_and_shown_again() -> None:
    before = video(duration_nanos=HOUR)
    after = edits.edit(before, Video(chapters=messages((0, "Intro"), (12.345, " The \n walk "))), [])
    assert after.texts.chapters == (Chapter(0, "Intro"), Chapter(12_345, "The walk"))
    assert record_of(row_of(after)) == after
    assert [chapters.message_of(one) for one in after.texts.chapters] == messages((0, "Intro"), (12.345, "The walk"))


def test_rows_from_before_there_were_chapters_have_none() -> None:
    assert record_of(row_of(video()) | {"chapters": None}).texts.chapters == ()


def test_an_update_that_names_them_and_gives_none_takes_them_away() -> None:
    before = video(texts=Texts(title="A title", chapters=(Chapter(0, "One"), Chapter(5000, "Two"))))
    assert edits.edit(before, Video(title="Another"), []).texts.chapters == before.texts.chapters
    assert edits.edit(before, Video(), ["chapters"]) == replace(before, texts=Texts(title="A title"))


@pytest.mark.parametrize(
    ("said", "fields"),
    [
        ([(0, "One")], ["video.chapters"]),
        ([(1, "One"), (5, "Two")], ["video.chapters[0].start_time"]),
        ([(0, "One"), (0.999, "Two")], ["video.chapters[1].start_time"]),
        (
            [(0, "One"), (5, "Two"), (4, "Three"), (4, "Four")],
            ["video.chapters[2].start_time", "video.chapters[3].start_time"],
        ),
        ([(0, "One"), (5, " \u200b\n")], ["video.chapters[1].title"]),
        ([(0, "One"), (3600, "Two")], ["video.chapters[1].start_time"]),
    ],
    ids=["only one", "not from the start", "shorter than a second", "not rising", "no title", "behind the end"],
)
def test_each_chapter_that_breaks_a_rule_is_named(said: list[tuple[float, str]], fields: list[str]) -> None:
    with pytest.raises(Fault) as caught:
        edits.edit(video(duration_nanos=HOUR), Video(chapters=messages(*said)), ["chapters"])
    assert caught.value.reason_name == "INVALID_FIELD"
    assert [violation.field for violation in caught.value.violations] == fields


def test_while_the_length_is_not_known_any_time_is_taken() -> None:
    assert len(edits.edit(video(), Video(chapters=messages((0, "One"), (80_000, "Two"))), []).texts.chapters) == 2


@given(st.lists(st.tuples(st.integers(0, 5000), st.text(max_size=3)), max_size=8), st.none() | st.integers(1, 10**10))
def test_what_is_taken_keeps_the_rules(said: list[tuple[int, str]], length: int | None) -> None:
    try:
        taken = edits.edit(
            video(duration_nanos=length),
            Video(chapters=messages(*((at / 1000, title) for at, title in said))),
            ["chapters"],
        ).texts.chapters
    except Fault:
        return
    assert len(taken) == len(said) != 1
    assert not taken or taken[0].start == 0
    assert all(after.start - before.start >= chapters.LEAST_SET for before, after in pairwise(taken))
    assert all(one.title for one in taken)
    assert length is None or all(one.start * 10**6 < length for one in taken)
