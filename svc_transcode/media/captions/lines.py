"""From the bytes of a text file to its lines, and times in them. Pure."""

from __future__ import annotations

import codecs
import re
from typing import Final

from svc_transcode.media.captions.cues import CaptionsRefused

_ENDS: Final = re.compile(r"\r\n|\r|\n")
_WIDE: Final = ((codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
ARROW: Final = "-->"
_MINUTE: Final = 60


def lines_of(data: bytes) -> list[str]:
    """The lines of a file in UTF-8, or in UTF-16 with a byte order mark; ended by CR, LF or both.

    Raises CaptionsRefused for any other encoding: to guess one would show viewers wrong letters.
    """
    text = _decoded(data)
    if "\0" in text:
        line = _line(text[: text.index("\0")])
        raise CaptionsRefused("There is a zero byte: this is no text in UTF-8. Save the file as UTF-8.", line)
    return _ENDS.split(text)


def _decoded(data: bytes) -> str:
    if data.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):
        raise CaptionsRefused("The file is in UTF-32. Save it as UTF-8.")
    for mark, encoding in _WIDE:
        if data.startswith(mark):
            try:
                return data.removeprefix(mark).decode(encoding)
            except UnicodeDecodeError as error:
                before = data.removeprefix(mark)[: error.start].decode(encoding, "ignore")
                raise CaptionsRefused("This is no text in UTF-16, as which the file begins.", _line(before)) from None
    data = data.removeprefix(codecs.BOM_UTF8)
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        before = data[: error.start].decode()
        raise CaptionsRefused("This is no text in UTF-8. Save the file as UTF-8.", _line(before)) from None


def _line(before: str) -> int:
    return len(_ENDS.split(before))


def milliseconds(hours: str | None, minutes: str, seconds: str, fraction: str, line: int) -> int:
    """A time from its digits; `fraction` is of a second. Raises CaptionsRefused for minutes and seconds above 59."""
    if int(minutes) >= _MINUTE or int(seconds) >= _MINUTE:
        raise CaptionsRefused("Minutes and seconds of a time are below 60.", line)
    whole = int(hours or 0) * 3600 + int(minutes) * 60 + int(seconds)
    return whole * 1000 + int(f"{fraction:0<3}"[:3])


def times_of(found: re.Match[str], line: int) -> tuple[int, int]:
    """Start and end, from two clocks of four groups each. Raises CaptionsRefused as `milliseconds` does."""
    start = milliseconds(found[1], found[2], found[3], found[4], line)
    return start, milliseconds(found[5], found[6], found[7], found[8], line)


def second_times(line: int) -> CaptionsRefused:
    """A cue's text holds an arrow."""
    return CaptionsRefused("Here is a second line of times: a blank line is missing before it.", line)
