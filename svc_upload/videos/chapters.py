"""Chapters that people set, and those that stand in a description. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice, pairwise
from typing import Final

from google.protobuf.duration_pb2 import Duration

from mesh.errors import Violation, invalid_fields
from vidmesh.upload.v1.video_pb2 import Chapter as Message

MOST: Final = 100
TITLE_LENGTH: Final = 100
"""Characters, as in the contract."""
LEAST_SET: Final = 1_000
"""Milliseconds of a chapter that somebody set: players show them side by side on one bar."""
FEWEST_DESCRIBED: Final = 3
LEAST_DESCRIBED: Final = 10_000
"""Fewer or shorter ones in a description are more likely mentions of a moment than chapters."""

_NANOSECONDS: Final = 1_000_000
_BULLET: Final = r"(?:[-*•–—▶►]\s*)?"
_TIME: Final = r"[(\[]?(?:([0-9]{1,2}):)?([0-9]{1,3}):([0-9]{2})[)\]]?"
_BETWEEN: Final = r"[\s\-–—:|]"
_LINE: Final = re.compile(rf"{_BULLET}{_TIME}{_BETWEEN}+([^\s\-–—:|].*)")
"""As people write it: a line may be a point of a list, the time in brackets, and a dash or the like behind it."""


@dataclass(frozen=True, slots=True)
class Chapter:
    """It ends where the next one begins, or with the video."""

    start: int
    """Milliseconds."""
    title: str
    """One line of at most `TITLE_LENGTH` characters, never empty."""


def in_description(text: str, duration_nanos: int | None) -> tuple[Chapter, ...]:
    """The chapters that a description lists; empty where what it lists breaks one of the contract's rules."""
    found = list(islice(filter(None, map(_in_line, text.splitlines())), MOST))
    if len(found) < FEWEST_DESCRIBED or found[0].start != 0:
        return ()
    ends = [chapter.start for chapter in found[1:]]
    if duration_nanos is not None:
        ends.append(duration_nanos // _NANOSECONDS)
    if any(end - chapter.start < LEAST_DESCRIBED for chapter, end in zip(found, ends, strict=False)):
        return ()
    return tuple(found)


def chapters_of(messages: Iterable[Message]) -> tuple[Chapter, ...]:
    """The chapters of a request. Raises INVALID_FIELD, with a sentence for each that breaks a rule."""
    chapters = tuple(Chapter(_milliseconds(message.start_time), clean(message.title)) for message in messages)
    broken = list(_broken(chapters))
    if broken:
        raise invalid_fields(broken)
    return chapters


def require_within(chapters: Sequence[Chapter], duration_nanos: int | None) -> None:
    """Raise INVALID_FIELD for chapters that begin when the video is over."""
    if duration_nanos is None:
        return
    late = [number for number, one in enumerate(chapters) if one.start * _NANOSECONDS >= duration_nanos]
    if late:
        sentence = f"The video is over by then: it is {_clock(duration_nanos // _NANOSECONDS)} long."
        raise invalid_fields(Violation(_start_of(number), sentence) for number in late)


def message_of(chapter: Chapter) -> Message:
    """As the contract shows it."""
    message = Message(title=chapter.title)
    message.start_time.FromMilliseconds(chapter.start)
    return message


def clean(title: str) -> str:
    """One line of what can be shown, at most `TITLE_LENGTH` characters."""
    if not title.isprintable():
        title = "".join(sign if sign.isprintable() else " " for sign in title)
    return " ".join(title.split())[:TITLE_LENGTH].rstrip()


def _broken(chapters: Sequence[Chapter]) -> Iterable[Violation]:
    if len(chapters) == 1:
        yield Violation("video.chapters", "One chapter is none: there are at least two, or no chapters.")
    if chapters and chapters[0].start != 0:
        yield Violation(_start_of(0), "The first chapter begins with the video, at 0.")
    for number, (before, after) in enumerate(pairwise(chapters), 1):
        if after.start - before.start < LEAST_SET:
            sentence = f"It begins a second or more after the one before, which begins at {_clock(before.start)}."
            yield Violation(_start_of(number), sentence)
    for number, chapter in enumerate(chapters):
        if not chapter.title:
            yield Violation(f"video.chapters[{number}].title", "A chapter has a title; it must not be empty.")


def _in_line(line: str) -> Chapter | None:
    found = _LINE.fullmatch(line.strip())
    if found is None:
        return None
    hours, minutes, seconds, title = found[1], int(found[2]), int(found[3]), clean(found[4])
    if seconds > 59 or (hours is not None and minutes > 59) or not title:
        return None
    return Chapter(((int(hours or 0) * 60 + minutes) * 60 + seconds) * 1_000, title)


def _milliseconds(time: Duration) -> int:
    # Not ToMilliseconds, which rounds what is negative otherwise; the contract's rules let nothing negative through.
    return time.seconds * 1_000 + time.nanos // _NANOSECONDS


def _start_of(number: int) -> str:
    return f"video.chapters[{number}].start_time"


def _clock(milliseconds: int) -> str:
    minutes, seconds = divmod(milliseconds // 1_000, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{seconds:02d}" if hours else f"{minutes}:{seconds:02d}"
