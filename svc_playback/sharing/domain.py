"""Which address is which video's, how large its player is elsewhere, and which of its words are shown. No I/O."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from typing import Final
from urllib.parse import urlsplit

ADDRESS: Final = re.compile(r"/(?:watch|embed)/([A-Za-z0-9_][A-Za-z0-9_-]{10})/?")
SIDE: Final = 640
"""Pixels: neither side of a player is longer where nobody says how much room there is."""
WIDE: Final = Fraction(16, 9)
WORDS: Final = 300
"""Characters of a description that previews are given; none shows more."""


@dataclass(frozen=True, slots=True)
class Size:
    """Pixels."""

    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture with its absolute address."""

    url: str
    size: Size


@dataclass(frozen=True, slots=True)
class Shared:
    """A public video as strangers may know it; `base` is the address of the edge, without a slash at its end."""

    base: str
    video_id: str
    title: str
    description: str
    picture: Picture | None
    shape: Size | None
    """Of its pictures; None as long as none can be played."""
    seconds: int

    @property
    def watch_url(self) -> str:
        return f"{self.base}/watch/{self.video_id}"

    @property
    def embed_url(self) -> str:
        return f"{self.base}/embed/{self.video_id}"


def video_at(url: str, bases: Iterable[str]) -> str | None:
    """The video whose page or player is at this address of an edge of ours; None where it is no such address.

    Query and fragment do not matter, nor does the scheme: a proxy may end TLS.
    """
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    if parts.scheme not in {"http", "https"}:
        return None
    hosts = {urlsplit(base).netloc.lower() for base in bases}
    found = ADDRESS.fullmatch(parts.path)
    return found[1] if found and parts.netloc.lower() in hosts else None


def player_size(shape: Size | None, most_width: int = 0, most_height: int = 0) -> Size:
    """The player of a video of this shape in so much room; 0 is as much as it likes."""
    aspect = Fraction(shape.width, shape.height) if shape and shape.width and shape.height else WIDE
    height = min(most_height or SIDE, Fraction(most_width or SIDE) / aspect)
    return Size(max(1, round(height * aspect)), max(1, round(height)))


def one_line(text: str) -> str:
    """Without control characters and with single blanks: what stands in an attribute or a title."""
    return " ".join("".join(" " if unicodedata.category(one) == "Cc" else one for one in text).split())


def beginning(text: str, most: int = WORDS) -> str:
    """One line of at most so many characters, cut between words where that is possible."""
    line = one_line(text)
    if len(line) <= most:
        return line
    cut = line[: most - 1]
    words, blank, _ = cut.rpartition(" ")
    return f"{words if blank and len(words) > most // 2 else cut}…"
