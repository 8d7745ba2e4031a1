"""SubRip: blocks of a number, a line of times, and text; a blank line ends one. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from svc_transcode.media.captions import markup
from svc_transcode.media.captions.cues import CaptionsRefused, Collected, Cue
from svc_transcode.media.captions.lines import ARROW, second_times, times_of

_CLOCK: Final = r"(?:(\d{1,3}):)?(\d{1,2}):(\d{1,2})[,.](\d{1,3})"
TIMES: Final = re.compile(rf"\s*{_CLOCK}\s*-->\s*{_CLOCK}(?:\s.*)?", re.ASCII)


def read(lines: Sequence[str]) -> tuple[Cue, ...]:
    """The cues. The numbers may be missing: players pass them over, too. Raises CaptionsRefused."""
    collected = Collected()
    at = 0
    while (at := _next(lines, at)) < len(lines):
        if ARROW not in lines[at]:
            if not lines[at].strip().isdecimal():
                raise CaptionsRefused("Here a cue's number or its times are expected.", at + 1)
            at += 1
            if at >= len(lines) or ARROW not in lines[at]:
                raise CaptionsRefused(
                    'Here the times of the cue are expected, "00:00:01,000 --> 00:00:02,500".', at + 1
                )
        found = TIMES.fullmatch(lines[at])
        if found is None:
            raise CaptionsRefused('The times of a cue look like "00:00:01,000 --> 00:00:02,500".', at + 1)
        start, end = times_of(found, at + 1)
        times, at = at + 1, at + 1
        text: list[str] = []
        while at < len(lines) and lines[at].strip():
            if ARROW in lines[at]:
                raise second_times(at + 1)
            text.append(lines[at])
            at += 1
        collected.add(start, end, markup.of_srt("\n".join(text)), times)
    return collected.cues()


def _next(lines: Sequence[str], at: int) -> int:
    while at < len(lines) and not lines[at].strip():
        at += 1
    return at
