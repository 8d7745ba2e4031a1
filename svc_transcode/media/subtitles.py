"""The captions in a source: which there are, and their text. Imports PyAV: for a media child alone."""

from __future__ import annotations

import re
from collections.abc import Callable
from fractions import Fraction
from typing import Final

from av.container import InputContainer
from av.error import FFmpegError
from av.stream import Discard

from svc_transcode.media.captions import webvtt
from svc_transcode.media.captions.embedded import TEXTS, Gathering
from svc_transcode.media.info import SubtitleInfo
from svc_transcode.media.jobs import CaptionsFile, CaptionsJob, CaptionsMade, File
from svc_transcode.media.parts import PartReader
from svc_transcode.media.source import codec_name, open_source

MOST: Final = 50
"""Tracks of one file."""
MOST_TITLE: Final = 60
_LANGUAGE: Final = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*")

Save = Callable[[str, bytes], File]


def of(container: InputContainer) -> tuple[SubtitleInfo, ...]:
    """The tracks of captions, in the order of the file."""
    return tuple(
        SubtitleInfo(
            stream_index=stream.index,
            codec=codec_name(stream),
            language=_language(stream.language),
            title=_title(stream.metadata.get("title", "")),
        )
        for stream in container.streams.subtitles[:MOST]
    )


def extract(job: CaptionsJob, reader: PartReader, save: Save) -> CaptionsMade:
    """The text of the tracks that the job names. A file that cannot be read on ends there: what was read is kept.

    Raises MediaRejected where the source cannot be opened, and PartUnavailable.
    """
    with open_source(reader, job.source.bounds) as container:
        found = {track.stream_index: Gathering(track.codec) for track in job.tracks if track.codec in TEXTS}
        streams = [stream for stream in container.streams.subtitles if stream.index in found]
        for stream in container.streams:
            if stream.index not in found:
                stream.discard = Discard.all
        try:
            for packet in container.demux(streams) if streams else ():
                if packet.pts is None or packet.duration is None:
                    continue
                base = Fraction(packet.time_base or 1)
                start = round((packet.pts * base - job.origin) * 1000)
                found[packet.stream.index].add(start, round(packet.duration * base * 1000), bytes(packet))
        except FFmpegError as failure:
            reader.check()
            if isinstance(failure, MemoryError):
                raise
        reader.check()
    return CaptionsMade(tuple(_saved(index, gathered, save) for index, gathered in found.items() if gathered.cues()))


def _saved(index: int, gathered: Gathering, save: Save) -> CaptionsFile:
    cues = gathered.cues()
    file = save(f"captions-{index}.vtt", webvtt.write(cues).encode())
    return CaptionsFile(index, file, len(cues), max(cue.end for cue in cues))


def _language(tag: str | None) -> str:
    return tag if tag and _LANGUAGE.fullmatch(tag) and len(tag) <= 35 else "und"


def _title(text: str) -> str:
    return " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())[:MOST_TITLE].rstrip()
