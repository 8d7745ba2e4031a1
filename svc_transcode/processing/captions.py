"""The captions of a video: which there are, and which may be found in its source. Pure: heads in, heads out."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from svc_transcode.media import jobs as media
from svc_transcode.media.captions.embedded import TEXTS, by_language, why_left_out
from svc_transcode.media.info import SubtitleInfo
from svc_transcode.media.tracks import CaptionTrack
from svc_transcode.processing import plan
from svc_transcode.processing.model import Caption, Head, JobRow, Made, Origin, State

MOST: Final = 50
"""Tracks of captions of one video."""
_ALIVE = (State.ENCODING, State.PROCESSED)
_SCRIPT, _REGION = re.compile(r"[a-z]{4}"), re.compile(r"[a-z]{2}")


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Captions of the source that are not kept."""

    language: str
    codec: str
    why: str


def caption_id(language: str, name: str) -> str:
    """The same for the same language and name."""
    return hashlib.sha256(f"{language}\n{name}".encode()).hexdigest()[:16]


def canonical(language: str) -> str:
    """A tag as BCP 47 (RFC 5646, section 2.1.1) writes it: "pt-br" is "pt-BR", "zh-hant" is "zh-Hant"."""
    first, *others = language.lower().split("-")
    return "-".join(
        [first]
        + [
            one.capitalize() if _SCRIPT.fullmatch(one) else one.upper() if _REGION.fullmatch(one) else one
            for one in others
        ]
    )


def clean(name: str) -> str:
    """A name as manifests can have it: one line, without double quotes."""
    return " ".join("".join(sign if sign.isprintable() else " " for sign in name.replace('"', "'")).split())


def paths(head: Head) -> tuple[str, ...]:
    """What the manifests should name."""
    return tuple(caption.path for caption in head.captions)


def tracks(head: Head) -> tuple[CaptionTrack, ...]:
    """The captions as manifests have them, in the order of `head.captions`."""
    return tuple(CaptionTrack(_label(caption), caption.language, caption.path) for caption in head.captions)


def _label(caption: Caption) -> str:
    return f"{caption.language} ({caption.name})" if caption.name else caption.language


def with_caption(head: Head, caption: Caption) -> Head | None:
    """The same with a track added, or replaced; None where there are too many."""
    others = [one for one in head.captions if one.caption_id != caption.caption_id]
    if len(others) >= MOST:
        return None
    return replace(head, captions=tuple(sorted([*others, caption], key=lambda one: (one.language, one.name))))


def without(head: Head, caption_id: str) -> Head:
    """The same without a track."""
    return replace(head, captions=tuple(one for one in head.captions if one.caption_id != caption_id))


def wanted(head: Head) -> JobRow | None:
    """The job of this run that reads the captions in the source; None where there is nothing to read, or not yet."""
    if head.captions_read or not head.complete or head.state not in _ALIVE or not _texts(head):
        return None
    return plan.captions_job(head.run)


def work(head: Head, bounds: media.Bounds) -> str:
    """What to do, in JSON without the source."""
    if head.info is None:
        raise ValueError("the source was not probed")
    source = replace(plan.NO_SOURCE, bounds=bounds)
    return media.to_json(media.JOB, media.CaptionsJob(source, head.info.origin, _texts(head)))


def found(head: Head, result: media.CaptionsMade, made: Made, now: datetime) -> Head:
    """The captions in the source were read. What somebody uploaded for the same language and name stays."""
    head = replace(head, captions_read=True)
    streams = {track.stream_index: track for track in _texts(head)}
    known = [track for track in result.tracks if track.stream_index in streams]
    said = [streams[track.stream_index] for track in known]
    names = by_language((canonical(one.language), clean(one.title)) for one in said)
    for track, (language, name) in zip(known, names, strict=True):
        path, own = f"{made.folder}/{track.file.path}", caption_id(language, name)
        if any(one.caption_id == own for one in head.captions):
            continue
        caption = Caption(own, language, name, path, Origin.EMBEDDED, track.cues, track.end, now)
        head = with_caption(head, caption) or head
    return head


def left_out(head: Head) -> Iterator[LeftOut]:
    """The captions of the source that cannot be kept."""
    for track in head.info.subtitles if head.info else ():
        if track.codec not in TEXTS:
            yield LeftOut(canonical(track.language), track.codec or "unknown", why_left_out(track.codec))


def _texts(head: Head) -> tuple[SubtitleInfo, ...]:
    return tuple(track for track in head.info.subtitles if track.codec in TEXTS) if head.info else ()
