"""Captions that a container holds packet by packet: a text each, with its time. Pure.

No decoder takes part: what such packets hold is text already, with little around it.
"""

from __future__ import annotations

import codecs
from collections.abc import Callable, Iterable
from typing import Final

from svc_transcode.media.captions import markup
from svc_transcode.media.captions.cues import MOST_CUES, MOST_TEXT, MOST_TIME, Cue, in_order

MOST_BYTES: Final = 16 * 1024
"""Of one packet; longer ones hold no words that anybody reads."""
_ASS_TEXT: Final = 8
"""Which field of a Matroska packet of ASS is the text: ReadOrder, Layer, Style, Name, three margins, Effect, Text."""


def _utf8(data: bytes) -> str:
    return data.decode(errors="replace").replace("\r\n", "\n").replace("\r", "\n")


def _tx3g(data: bytes) -> str:
    """3GPP TS 26.245, section 5.17: the length of the text, the text, and boxes of its looks."""
    text = data[2 : 2 + int.from_bytes(data[:2])]
    if text.startswith(codecs.BOM_UTF16_BE):
        return markup.of_plain(text[2:].decode("utf-16-be", errors="replace"))
    return markup.of_plain(_utf8(text))


def _ass(data: bytes) -> str:
    fields = _utf8(data).split(",", _ASS_TEXT)
    return markup.of_ass(fields[_ASS_TEXT]) if len(fields) > _ASS_TEXT else ""


TEXTS: Final[dict[str, Callable[[bytes], str]]] = {
    "mov_text": _tx3g,
    "subrip": lambda data: markup.of_srt(_utf8(data)),
    "srt": lambda data: markup.of_srt(_utf8(data)),
    "text": lambda data: markup.of_plain(_utf8(data)),
    "webvtt": lambda data: markup.of_webvtt(_utf8(data)),
    "ass": _ass,
    "ssa": _ass,
}
"""By FFmpeg's name of the codec: from a packet to cue text."""

PICTURES: Final = frozenset({"hdmv_pgs_subtitle", "dvb_subtitle", "dvd_subtitle", "xsub"})
"""Codecs whose captions are pictures."""


class Gathering:
    """The cues of one track, as its packets come. What cannot be read is passed over: nobody could mend the file."""

    def __init__(self, codec: str) -> None:
        self._text_of = TEXTS[codec]
        self._cues: list[Cue] = []

    def add(self, start: int, duration: int, data: bytes) -> None:
        """A packet; times in milliseconds of the presentation. What begins before it is cut."""
        end, start = start + duration, max(0, start)
        if not data or len(data) > MOST_BYTES or end <= start or end > MOST_TIME or len(self._cues) >= MOST_CUES:
            return
        text = self._text_of(data)
        if text and len(text) <= MOST_TEXT:
            self._cues.append(Cue(start, end, text))

    def cues(self) -> tuple[Cue, ...]:
        """In the order of their start; () where there is none."""
        return in_order(self._cues)


def why_left_out(codec: str) -> str:
    """Why captions of this codec are not kept, for the creator."""
    if codec in PICTURES:
        return "These captions are pictures, not text. Upload them as text to have them."
    return "Captions of this kind cannot be read. Upload them as SRT, WebVTT or ASS to have them."


def by_language(found: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """Languages and names, no two alike: a name is numbered where it is."""
    seen: set[tuple[str, str]] = set()
    told: list[tuple[str, str]] = []
    for language, name in found:
        number, numbered = 1, name
        while (language, numbered) in seen:
            number += 1
            numbered = f"{name} {number}".strip()
        seen.add((language, numbered))
        told.append((language, numbered))
    return told
