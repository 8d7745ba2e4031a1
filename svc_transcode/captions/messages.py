"""How captions are shown in the contract's messages. Pure."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from svc_transcode.media.captions import markup
from svc_transcode.media.captions.cues import Cue
from svc_transcode.media.captions.read import Format
from svc_transcode.processing.captions import LeftOut
from svc_transcode.processing.model import Caption, Origin
from vidmesh.transcode.v1 import caption_pb2 as pb

FORMATS: Final = {
    pb.CAPTION_FORMAT_UNSPECIFIED: None,
    pb.CAPTION_FORMAT_SRT: Format.SRT,
    pb.CAPTION_FORMAT_WEBVTT: Format.WEBVTT,
    pb.CAPTION_FORMAT_ASS: Format.ASS,
}
_ORIGINS: Final = {
    Origin.UPLOADED: pb.CAPTION_ORIGIN_UPLOADED,
    Origin.EMBEDDED: pb.CAPTION_ORIGIN_EMBEDDED,
}


def caption(video_id: str, track: Caption) -> pb.Caption:
    """A track of captions."""
    shown = pb.Caption(
        caption_id=track.caption_id,
        video_id=video_id,
        language=track.language,
        name=track.name,
        origin=_ORIGINS[track.origin],
        cue_count=track.cues,
    )
    shown.end_time.FromTimedelta(timedelta(milliseconds=track.end))
    shown.update_time.FromDatetime(track.update_time)
    return shown


def left_out(track: LeftOut) -> pb.LeftOutCaption:
    """Captions of the file that are not kept."""
    return pb.LeftOutCaption(language=track.language, codec=track.codec, message=track.why)


def cue(said: Cue) -> pb.TranscriptCue:
    """Words and their time."""
    shown = pb.TranscriptCue(text=markup.plain(said.text))
    shown.start_time.FromMilliseconds(said.start)
    shown.end_time.FromMilliseconds(said.end)
    return shown
