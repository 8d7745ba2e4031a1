"""What is kept of the looks of a cue: a handful of WebVTT's tags, escaped and balanced. Pure.

Everything that ends up in a manifest's text was built by `build`, so that no input can add a tag, a cue or a setting.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

KEPT: Final = frozenset({"b", "i", "u", "v", "ruby", "rt", "lang"})
"""Tags (WebVTT, section 3.3). `v` names who speaks and `lang` a language, in their annotation."""
_ANNOTATED: Final = frozenset({"v", "lang"})
_MOST_ANNOTATION: Final = 100
_MOST_OPEN: Final = 16

_CONTROL: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x84\x86-\x9f\ufdd0-\ufdef\ufffe\uffff\ud800-\udfff]")
_SRT_TAG: Final = re.compile(r"<(/?)(b|i|u|font)(?:\s[^<>]*)?>|\{\\[^{}]*\}", re.IGNORECASE)
_VTT_TAG: Final = re.compile(r"<(/?)([A-Za-z0-9:]*)(?:\.[^\s<>]*)?(?:\s([^<>]*))?>")
_ASS_BLOCK: Final = re.compile(r"\{([^{}]*)\}")
_ASS_SWITCH: Final = re.compile(r"\\(?:([biu])(\d+)|(p)(\d+)|(r)(?=[\\}]|$))")
_ASS_ESCAPE: Final = re.compile(r"\\([Nnh])")
_EMPTY: Final = re.compile(r"<([biu])></\1>")
_TAG: Final = re.compile(r"<[^<>]*>")


@dataclass(frozen=True, slots=True)
class Open:
    """A tag begins."""

    name: str
    annotation: str = ""


@dataclass(frozen=True, slots=True)
class Close:
    """A tag ends."""

    name: str


Token = str | Open | Close


def build(tokens: Iterable[Token]) -> str:
    """Cue text of what is kept; "" where no text is left. Tags that cross are cut so that they nest."""
    out: list[str] = []
    opened: list[Open] = []
    for token in tokens:
        match token:
            case str():
                out.append(_escaped(token))
            case Open(name, annotation):
                tag = Open(name, _annotation(annotation) if name in _ANNOTATED else "")
                wanted = name in KEPT and (bool(tag.annotation) or name not in _ANNOTATED)
                if wanted and len(opened) < _MOST_OPEN:
                    opened.append(tag)
                    out.append(_begin(tag))
            case Close(name):
                out += _closed(opened, name)
    out += [f"</{tag.name}>" for tag in reversed(opened)]
    text = "".join(out)
    while (shorter := _EMPTY.sub("", text)) != text:
        text = shorter
    text = "\n".join(kept for line in text.split("\n") if (kept := line.strip()))
    return text if plain(text) else ""


def plain(text: str) -> str:
    """The words of a cue text, without any tag; lines without words are left out."""
    words = html.unescape(_TAG.sub("", text))
    return "\n".join(kept for line in words.split("\n") if (kept := line.strip()))


def of_srt(text: str) -> str:
    """Cue text of SubRip's: `<b>`, `<i>`, `<u>`; `<font>` and `{\\an8}` are passed over, all else is text."""
    return build(_srt(text))


def of_webvtt(text: str) -> str:
    """Cue text of WebVTT's: unknown tags, classes and timestamps are passed over, the words in them stay."""
    return build(_webvtt(text))


def of_ass(text: str) -> str:
    """Cue text of ASS's: bold, italic and underlined of its overrides; drawings are passed over."""
    return build(_ass(text))


def of_plain(text: str) -> str:
    """Cue text of plain text."""
    return build([text])


def _closed(opened: list[Open], name: str) -> list[str]:
    at = next((place for place in reversed(range(len(opened))) if opened[place].name == name), None)
    if at is None:
        return []
    inner = opened[at + 1 :]
    del opened[at]
    return [f"</{tag.name}>" for tag in reversed(inner)] + [f"</{name}>"] + [_begin(tag) for tag in inner]


def _begin(tag: Open) -> str:
    return f"<{tag.name} {_escaped(tag.annotation)}>" if tag.annotation else f"<{tag.name}>"


def _annotation(text: str) -> str:
    return " ".join(_CONTROL.sub("", text).split())[:_MOST_ANNOTATION].strip()


def _escaped(text: str) -> str:
    clean = _CONTROL.sub("", text.replace("\t", " ").replace("\r", "").replace("\x85", " "))
    return clean.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _srt(text: str) -> Iterator[Token]:
    at = 0
    for found in _SRT_TAG.finditer(text):
        yield text[at : found.start()]
        at = found.end()
        if found[2]:
            name = found[2].lower()
            yield Close(name) if found[1] else Open(name)
    yield text[at:]


def _webvtt(text: str) -> Iterator[Token]:
    at = 0
    for found in _VTT_TAG.finditer(text):
        yield html.unescape(text[at : found.start()])
        at = found.end()
        yield Close(found[2]) if found[1] else Open(found[2], html.unescape(found[3] or ""))
    yield html.unescape(text[at:])


def _ass(text: str) -> Iterator[Token]:
    at, drawing = 0, False
    for found in _ASS_BLOCK.finditer(text):
        if not drawing:
            yield _ASS_ESCAPE.sub(_unescaped, text[at : found.start()])
        at = found.end()
        for switch in _ASS_SWITCH.finditer(found[1]):
            if switch[3]:
                drawing = int(switch[4][:9]) > 0
            elif switch[5]:
                yield from (Close(name) for name in "biu")
            else:
                # A weight such as \b700 is bold, \b400 is not.
                value = int(switch[2][:9])
                on = value == 1 or (switch[1] == "b" and value > 500)
                yield Close(switch[1])
                if on:
                    yield Open(switch[1])
    if not drawing:
        yield _ASS_ESCAPE.sub(_unescaped, text[at:])


def _unescaped(found: re.Match[str]) -> str:
    return {"N": "\n", "n": " ", "h": "\u00a0"}[found[1]]
