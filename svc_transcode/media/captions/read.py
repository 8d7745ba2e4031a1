"""An uploaded file of captions. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import Final

from svc_transcode.media.captions import ass, srt, webvtt
from svc_transcode.media.captions.cues import CaptionsRefused, Cue
from svc_transcode.media.captions.lines import ARROW, lines_of

_LOOKED_AT: Final = 200
"""Lines, to find out what a file is."""


class Format(StrEnum):
    """How a file is written."""

    SRT = "srt"
    WEBVTT = "webvtt"
    ASS = "ass"


_READERS: Final = {Format.SRT: srt.read, Format.WEBVTT: webvtt.read, Format.ASS: ass.read}


def read(data: bytes, written: Format | None = None) -> tuple[Cue, ...]:
    """The cues of a file, in the order of their start; at least one. `written`: how, where that is known.

    Raises CaptionsRefused, with the first line that is at fault. What is wrong is never passed over: viewers of a file
    that is half read would miss the other half, and nobody would be told.
    """
    lines = lines_of(data)
    return _READERS[written or format_of(lines)](lines)


def format_of(lines: Sequence[str]) -> Format:
    """How a file is written, by what it says or looks like. Raises CaptionsRefused."""
    if webvtt.is_webvtt(lines):
        return Format.WEBVTT
    head = [line for line in lines[:_LOOKED_AT] if line.strip()]
    if head and ass.section(head[0]) is not None:
        return Format.ASS
    if any(ARROW in line for line in head):
        return Format.SRT
    raise CaptionsRefused("The file is neither SubRip (.srt), nor WebVTT (.vtt), nor ASS or SSA (.ass, .ssa).")
