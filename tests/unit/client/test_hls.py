"""Reading playlists."""

from __future__ import annotations

import pytest

from vidmesh.client.errors import ClientError
from vidmesh.client.hls import Segment, Sound, Variant, parse_media, parse_multivariant

URL = "http://edge:1/media/~token/v/abc/m/3/master.m3u8"
BASE = "http://edge:1/media/~token/v/abc"

MULTIVARIANT = """\
#EXTM3U
#EXT-X-VERSION:7
#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="audio",NAME="English, 5.1",LANGUAGE="en",DEFAULT=YES,URI="audio-0.m3u8"
#EXT-X-STREAM-INF:BANDWIDTH=500000,CODECS="avc1.64001e,mp4a.40.2",RESOLUTION=640x360,AUDIO="audio"
video-360p.m3u8

#EXT-X-STREAM-INF:BANDWIDTH=1700000,CODECS="avc1.64001f,mp4a.40.2",RESOLUTION=1280x720,AUDIO="audio"
video-720p.m3u8
"""

MEDIA = """\
#EXTM3U
#EXT-X-TARGETDURATION:2
#EXT-X-MAP:URI="../../s/j-1/init.mp4"
#EXTINF:2.000000,
../../s/j-1/1.m4s
#EXTINF:1.312000,
../../s/j-1/2.m4s
"""


def test_variants_and_sounds_are_read_with_absolute_addresses() -> None:
    told = parse_multivariant(MULTIVARIANT, URL)
    assert told.variants == (
        Variant(f"{BASE}/m/3/video-360p.m3u8", 500000, "avc1.64001e,mp4a.40.2", 640, 360),
        Variant(f"{BASE}/m/3/video-720p.m3u8", 1700000, "avc1.64001f,mp4a.40.2", 1280, 720),
    )
    assert told.sounds == (Sound(f"{BASE}/m/3/audio-0.m3u8", "English, 5.1", "en"),)


def test_segments_are_read_in_order_with_their_lengths() -> None:
    told = parse_media(MEDIA, URL)
    assert told.init_url == f"{BASE}/s/j-1/init.mp4"
    assert told.segments == (Segment(f"{BASE}/s/j-1/1.m4s", 2.0), Segment(f"{BASE}/s/j-1/2.m4s", 1.312))
    assert told.seconds == pytest.approx(3.312)


def test_a_playlist_without_its_end_mark_has_not_ended() -> None:
    assert not parse_media(MEDIA, URL).ended
    assert parse_media(MEDIA + "#EXT-X-ENDLIST\n", URL).ended


@pytest.mark.parametrize("text", ["", "<html>", "#EXTM3U\n", "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1"])
def test_what_is_no_multivariant_playlist_is_refused(text: str) -> None:
    with pytest.raises(ClientError):
        parse_multivariant(text, URL)


@pytest.mark.parametrize("text", ["", "#EXTM3U\n", MULTIVARIANT, MEDIA + "#EXT-X-BYTERANGE:5@0\n"])
def test_what_is_no_media_playlist_of_whole_segments_is_refused(text: str) -> None:
    with pytest.raises(ClientError):
        parse_media(text, URL)
