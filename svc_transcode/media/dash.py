"""An MPEG-DASH media presentation description (ISO/IEC 23009-1). Pure.

Each representation is a SegmentList with a SegmentTimeline: one SegmentURL a segment, because a track's segments
lie in the directories of the jobs that made them, so no template names them all. dash.js (`TimelineSegmentsGetter`),
Shaka Player (`SegmentList`) and ExoPlayer read that combination. It is outside the isoff-live profile, hence "full".
Each segment has an S element of its own: dash.js (5.2) finds the n-th S's address at the n-th SegmentURL, so of a run
that is written short, by `r`, it would play the first segment alone.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from xml.etree import ElementTree as ET

from svc_transcode.media.rates import measure
from svc_transcode.media.tracks import AudioTrack, CaptionTrack, Presentation, VideoTrack
from svc_transcode.media.urls import relative

_NAMESPACE = "urn:mpeg:dash:schema:mpd:2011"
_PROFILE = "urn:mpeg:dash:profile:full:2011"
_CHANNELS = "urn:mpeg:dash:23003:3:audio_channel_configuration:2011"
_ROLE = "urn:mpeg:dash:role:2011"
_TEXT_RATE = 1000
"""Bits a second of captions, which no player needs to know exactly: next to nothing."""


def mpd(presentation: Presentation, folder: str) -> str:
    """The MPD, which sits in `folder`."""
    root = ET.Element(
        "MPD",
        xmlns=_NAMESPACE,
        profiles=_PROFILE,
        type="static",
        mediaPresentationDuration=f"PT{float(presentation.duration):.3f}S",
        minBufferTime="PT2S",
    )
    period = ET.SubElement(root, "Period", id="0", start="PT0S")
    for tracks in _by_codec(presentation.video):
        pictures = _adaptation_set(period, "video")
        for track in tracks:
            _video(pictures, track, folder)
    for number, track in enumerate(presentation.audio):
        _audio(period, track, number, folder)
    for number, track in enumerate(presentation.captions):
        _captions(period, track, number, folder)
    ET.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(root, encoding="unicode") + "\n"


def _by_codec(tracks: Sequence[VideoTrack]) -> Collection[Sequence[VideoTrack]]:
    """A set of each codec: a player takes one that it knows, and stays with it (ISO/IEC 23009-1, 5.3.3.1)."""
    found: dict[str, list[VideoTrack]] = {}
    for track in tracks:
        found.setdefault(track.codec.partition(".")[0], []).append(track)
    return found.values()


def _adaptation_set(period: ET.Element, content: str) -> ET.Element:
    return ET.SubElement(
        period,
        "AdaptationSet",
        contentType=content,
        mimeType=f"{content}/mp4",
        segmentAlignment="true",
        startWithSAP="1",
    )


def _video(parent: ET.Element, track: VideoTrack, folder: str) -> None:
    representation = ET.SubElement(
        parent,
        "Representation",
        id=f"video-{track.quality}",
        bandwidth=str(measure(track.segments, track.timescale).peak),
        codecs=track.codec,
        width=str(track.width),
        height=str(track.height),
        frameRate=str(track.frame_rate),
        sar="1:1",
    )
    _segments(representation, track, folder)


def _audio(period: ET.Element, track: AudioTrack, number: int, folder: str) -> None:
    sounds = _adaptation_set(period, "audio")
    sounds.set("lang", track.language)
    ET.SubElement(sounds, "Label").text = "".join(c for c in track.name if c.isprintable())
    ET.SubElement(sounds, "Role", schemeIdUri=_ROLE, value="main" if track.default else "alternate")
    representation = ET.SubElement(
        sounds,
        "Representation",
        id=f"audio-{number}",
        bandwidth=str(measure(track.segments, track.timescale).peak),
        codecs=track.codec,
        audioSamplingRate=str(track.sample_rate),
    )
    ET.SubElement(representation, "AudioChannelConfiguration", schemeIdUri=_CHANNELS, value=str(track.channels))
    _segments(representation, track, folder)


def _captions(period: ET.Element, track: CaptionTrack, number: int, folder: str) -> None:
    """A whole file beside the segments: WebVTT as it is (ISO/IEC 23009-1, 5.3.9.2; DASH-IF IOP, 6.4.5)."""
    texts = ET.SubElement(period, "AdaptationSet", contentType="text", mimeType="text/vtt", lang=track.language)
    ET.SubElement(texts, "Label").text = "".join(c for c in track.label if c.isprintable())
    ET.SubElement(texts, "Role", schemeIdUri=_ROLE, value="subtitle")
    representation = ET.SubElement(texts, "Representation", id=f"captions-{number}", bandwidth=str(_TEXT_RATE))
    ET.SubElement(representation, "BaseURL").text = relative(track.path, folder)


def _segments(parent: ET.Element, track: VideoTrack | AudioTrack, folder: str) -> None:
    listed = ET.SubElement(parent, "SegmentList", timescale=str(track.timescale))
    ET.SubElement(listed, "Initialization", sourceURL=relative(track.init, folder))
    timeline = ET.SubElement(listed, "SegmentTimeline")
    for segment in track.segments:
        ET.SubElement(timeline, "S", t=str(segment.start), d=str(segment.duration))
    for segment in track.segments:
        ET.SubElement(listed, "SegmentURL", media=relative(segment.path, folder))
