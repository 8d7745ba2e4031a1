"""WebVTT (W3C, Candidate Recommendation of 2019): reading strangers' files, and writing our own. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Final

from svc_transcode.media.captions import markup
from svc_transcode.media.captions.cues import CaptionsRefused, Collected, Cue
from svc_transcode.media.captions.lines import ARROW, second_times, times_of

_MAGIC: Final = re.compile(r"WEBVTT(?:[ \t].*)?")
_CLOCK: Final = r"(?:(\d{2,4}):)?(\d{2}):(\d{2})\.(\d{3})"
_TIMES: Final = re.compile(rf"[ \t]*{_CLOCK}[ \t]*-->[ \t]*{_CLOCK}(?:[ \t].*)?", re.ASCII)
_ASIDE: Final = re.compile(r"(NOTE|STYLE|REGION)(?:[ \t].*)?")

HEADER: Final = "WEBVTT\nX-TIMESTAMP-MAP=MPEGTS:0,LOCAL:00:00:00.000\n"
"""Our segments begin at 0 on both clocks (RFC 8216, section 3.5); other readers pass the second line over."""
CONTENT_TYPE: Final = "text/vtt; charset=utf-8"


def is_webvtt(lines: Sequence[str]) -> bool:
    """Whether a file says that it is one."""
    return bool(lines) and _MAGIC.fullmatch(lines[0]) is not None


def read(lines: Sequence[str]) -> tuple[Cue, ...]:
    """The cues, without their settings, styles and regions. Raises CaptionsRefused."""
    if not is_webvtt(lines):
        raise CaptionsRefused("A WebVTT file begins with the word WEBVTT.", 1)
    collected = Collected()
    at = _end(lines, 0)
    while at < len(lines):
        if not lines[at]:
            at += 1
        elif _ASIDE.fullmatch(lines[at]) and not _is_times(lines, at + 1):
            at = _end(lines, at)
        else:
            at = _cue(lines, at, collected)
    return collected.cues()


def write(cues: Iterable[Cue]) -> str:
    """A WebVTT file of these cues: nothing but times and text."""
    blocks = (f"\n{_clock(cue.start)} --> {_clock(cue.end)}\n{cue.text}\n" for cue in cues)
    return HEADER + "".join(blocks)


def _cue(lines: Sequence[str], at: int, collected: Collected) -> int:
    if not _is_times(lines, at):
        # Any one line may name a cue.
        at += 1
        if not _is_times(lines, at):
            raise CaptionsRefused('Here the times of a cue are expected, "00:01.000 --> 00:02.500".', at + 1)
    found = _TIMES.fullmatch(lines[at])
    if found is None:
        raise CaptionsRefused('The times of a cue look like "00:01.000 --> 00:02.500".', at + 1)
    start, end = times_of(found, at + 1)
    until = _end(lines, at)
    text = lines[at + 1 : until]
    for number, line in enumerate(text, at + 2):
        if ARROW in line:
            raise second_times(number)
    collected.add(start, end, markup.of_webvtt("\n".join(text)), at + 1)
    return until


def _is_times(lines: Sequence[str], at: int) -> bool:
    return at < len(lines) and ARROW in lines[at]


def _end(lines: Sequence[str], at: int) -> int:
    while at < len(lines) and lines[at]:
        at += 1
    return at


def _clock(time: int) -> str:
    seconds, rest = divmod(time, 1000)
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}.{rest:03}"
