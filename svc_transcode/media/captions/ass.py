"""Advanced SubStation Alpha and SubStation Alpha: the dialogue of a script, without its typesetting. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from svc_transcode.media.captions import markup
from svc_transcode.media.captions.cues import CaptionsRefused, Collected, Cue
from svc_transcode.media.captions.lines import milliseconds

_SECTION: Final = re.compile(r"\s*\[([^\]]+)\]\s*")
_TIME: Final = re.compile(r"\s*(\d{1,3}):(\d{1,2}):(\d{1,2})[.:,](\d{1,3})\s*", re.ASCII)
EVENTS: Final = "events"


def section(line: str) -> str | None:
    """The name of the section that begins here, in small letters."""
    found = _SECTION.fullmatch(line)
    return found[1].strip().lower() if found else None


def read(lines: Sequence[str]) -> tuple[Cue, ...]:
    """The dialogue; comments, drawings and places are passed over. Raises CaptionsRefused."""
    collected = Collected()
    inside, columns, seen = False, list[str](), False
    for number, line in enumerate(lines, 1):
        if (name := section(line)) is not None:
            inside = name == EVENTS
            seen |= inside
            continue
        kind, _, rest = line.partition(":")
        match kind.strip().lower() if inside else "":
            case "format":
                columns = [column.strip().lower() for column in rest.split(",")]
                if not {"start", "end"} <= set(columns) or columns[-1] != "text":
                    raise CaptionsRefused('The format of events has "Start" and "End", and "Text" as the last.', number)
            case "dialogue":
                _dialogue(rest, columns, number, collected)
            case _:
                continue
    if not seen:
        raise CaptionsRefused("There is no section [Events] in the file.")
    return collected.cues()


def _dialogue(rest: str, columns: Sequence[str], number: int, collected: Collected) -> None:
    if not columns:
        raise CaptionsRefused('A line "Format:" is missing before the first dialogue.', number)
    values = rest.split(",", len(columns) - 1)
    if len(values) < len(columns):
        raise CaptionsRefused(f"The dialogue has {len(values)} fields; its format says {len(columns)}.", number)
    event = dict(zip(columns, values, strict=True))
    start, end = _time(event["start"], number), _time(event["end"], number)
    if end == start:
        # Scripts carry events without length as notes of who set them.
        return
    collected.add(start, end, markup.of_ass(event["text"]), number)


def _time(text: str, number: int) -> int:
    found = _TIME.fullmatch(text)
    if found is None:
        raise CaptionsRefused('A time of a dialogue looks like "0:00:01.00".', number)
    return milliseconds(found[1], found[2], found[3], found[4], number)
