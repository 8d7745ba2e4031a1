"""Captions that a child found: read again and written anew by this process, since viewers' programs read them."""

from __future__ import annotations

from pathlib import Path

from svc_transcode.media import jobs as media
from svc_transcode.media.captions import webvtt
from svc_transcode.media.captions.cues import CaptionsRefused
from svc_transcode.media.captions.lines import lines_of
from svc_transcode.worker.outputs import OutputError, Text, read_checked


def read_captions(workdir: Path, result: media.CaptionsMade) -> tuple[media.CaptionsMade, tuple[Text, ...]]:
    """What the child's files say, counted here, and the texts to store. Raises OutputError. Blocks."""
    tracks: list[media.CaptionsFile] = []
    texts: list[Text] = []
    for track in result.tracks:
        try:
            cues = webvtt.read(lines_of(read_checked(workdir, track.file)))
        except CaptionsRefused as refused:
            raise OutputError(f"{track.file.path} is no captions: {refused.sentence}") from refused
        name = f"captions-{track.stream_index}.vtt"
        texts.append(Text(name, webvtt.write(cues), webvtt.CONTENT_TYPE))
        tracks.append(
            media.CaptionsFile(
                track.stream_index,
                media.File(name, track.file.size, track.file.sha256),
                len(cues),
                max(cue.end for cue in cues),
            )
        )
    return media.CaptionsMade(tuple(tracks)), tuple(texts)
