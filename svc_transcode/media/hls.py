"""HTTP Live Streaming playlists (RFC 8216, protocol version 7: fragmented MP4). Pure."""

from __future__ import annotations

import math
from fractions import Fraction

from svc_transcode.media.rates import Rates, measure, target_duration
from svc_transcode.media.tracks import AudioTrack, CaptionTrack, Presentation, VideoTrack
from svc_transcode.media.urls import relative

_VERSION = 7
_GROUP = "audio"
_CAPTIONS = "captions"
_UNDETERMINED = "und"  # ISO 639-2


def playlist_names(presentation: Presentation) -> list[tuple[VideoTrack | AudioTrack, str]]:
    """Every track with the file name of its media playlist."""
    video = [(track, f"video-{track.quality}.m3u8") for track in presentation.video]
    audio = [(track, f"audio-{number}.m3u8") for number, track in enumerate(presentation.audio)]
    return [*video, *audio]


def caption_playlist_names(presentation: Presentation) -> list[tuple[CaptionTrack, str]]:
    """Every track of captions with the file name of its media playlist."""
    return [(track, f"captions-{number}.m3u8") for number, track in enumerate(presentation.captions)]


def master(presentation: Presentation, folder: str) -> str:
    """The master playlist, which sits in `folder` beside the media playlists. Variants are in the order of the
    tracks: from small to large, those in another codec behind all others.
    """
    names = {id(track): relative(f"{folder}/{name}", folder) for track, name in playlist_names(presentation)}
    lines = ["#EXTM3U", f"#EXT-X-VERSION:{_VERSION}", "#EXT-X-INDEPENDENT-SEGMENTS"]
    lines += [_media(track, names[id(track)]) for track in presentation.audio]
    lines += [_caption(track, name) for track, name in caption_playlist_names(presentation)]
    captioned = bool(presentation.captions)
    sound = [measure(track.segments, track.timescale) for track in presentation.audio]
    loudest = Rates(max((r.peak for r in sound), default=0), max((r.average for r in sound), default=0))
    codecs = list(dict.fromkeys(track.codec for track in presentation.audio))
    for track in presentation.video:
        lines += [_variant(track, loudest, codecs, captioned), names[id(track)]]
    return "\n".join(lines) + "\n"


def playlist(track: VideoTrack | AudioTrack, folder: str) -> str:
    """The media playlist of one whole track."""
    lines = [
        "#EXTM3U",
        f"#EXT-X-VERSION:{_VERSION}",
        f"#EXT-X-TARGETDURATION:{target_duration(track.segments, track.timescale)}",
        "#EXT-X-MEDIA-SEQUENCE:0",
        "#EXT-X-PLAYLIST-TYPE:VOD",
        "#EXT-X-INDEPENDENT-SEGMENTS",
        f'#EXT-X-MAP:URI="{relative(track.init, folder)}"',
    ]
    for segment in track.segments:
        lines.append(f"#EXTINF:{float(Fraction(segment.duration, track.timescale)):.6f},")
        lines.append(relative(segment.path, folder))
    lines.append("#EXT-X-ENDLIST")
    return "\n".join(lines) + "\n"


def caption_playlist(track: CaptionTrack, duration: Fraction, folder: str) -> str:
    """The media playlist of captions: one segment, as long as the presentation (RFC 8216, section 3.5)."""
    lines = [
        "#EXTM3U",
        f"#EXT-X-VERSION:{_VERSION}",
        f"#EXT-X-TARGETDURATION:{max(1, math.ceil(duration))}",
        "#EXT-X-MEDIA-SEQUENCE:0",
        "#EXT-X-PLAYLIST-TYPE:VOD",
        f"#EXTINF:{float(duration):.6f},",
        relative(track.path, folder),
        "#EXT-X-ENDLIST",
    ]
    return "\n".join(lines) + "\n"


def _variant(track: VideoTrack, sound: Rates, sound_codecs: list[str], captioned: bool) -> str:
    picture = measure(track.segments, track.timescale)
    attributes = [
        f"BANDWIDTH={picture.peak + sound.peak}",
        f"AVERAGE-BANDWIDTH={picture.average + sound.average}",
        f'CODECS="{",".join([track.codec, *sound_codecs])}"',
        f"RESOLUTION={track.width}x{track.height}",
        f"FRAME-RATE={float(track.frame_rate):.3f}",
    ]
    if sound_codecs:
        attributes.append(f'AUDIO="{_GROUP}"')
    if captioned:
        attributes.append(f'SUBTITLES="{_CAPTIONS}"')
    return "#EXT-X-STREAM-INF:" + ",".join(attributes)


def _media(track: AudioTrack, uri: str) -> str:
    attributes = ["TYPE=AUDIO", f'GROUP-ID="{_GROUP}"', f'NAME="{_quotable(track.name)}"']
    if track.language and track.language != _UNDETERMINED:
        attributes.append(f'LANGUAGE="{_quotable(track.language)}"')
    attributes += [
        f"DEFAULT={'YES' if track.default else 'NO'}",
        "AUTOSELECT=YES",
        f'CHANNELS="{track.channels}"',
        f'URI="{uri}"',
    ]
    return "#EXT-X-MEDIA:" + ",".join(attributes)


def _caption(track: CaptionTrack, uri: str) -> str:
    attributes = ["TYPE=SUBTITLES", f'GROUP-ID="{_CAPTIONS}"', f'NAME="{_quotable(track.label)}"']
    if track.language != _UNDETERMINED:
        attributes.append(f'LANGUAGE="{_quotable(track.language)}"')
    # Off until a viewer, or a device that is set so, wants them.
    attributes += ["DEFAULT=NO", "AUTOSELECT=YES", "FORCED=NO", f'URI="{uri}"']
    return "#EXT-X-MEDIA:" + ",".join(attributes)


def _quotable(text: str) -> str:
    """A quoted-string has no escape: line breaks and double quotes cannot be in it (RFC 8216 section 4.2)."""
    return " ".join(text.replace('"', "'").split())
