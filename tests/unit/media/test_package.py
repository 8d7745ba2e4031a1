"""Manifests: what they say, and that every URL in them leads to a segment."""

from __future__ import annotations

import posixpath
import re
import urllib.parse
from dataclasses import replace
from fractions import Fraction
from xml.etree import ElementTree as ET

import pytest

from svc_transcode.media.package import package
from svc_transcode.media.rates import Rates, measure, target_duration
from svc_transcode.media.tracks import AudioTrack, CaptionTrack, Presentation, Segment, VideoTrack

DASH = {"d": "urn:mpeg:dash:schema:mpd:2011"}


def picture(quality: str, width: int, height: int, sizes: list[int]) -> VideoTrack:
    """Segments of 2 s but the last, of 1 s; each chunk of two in the directory of its job."""
    segments = tuple(
        Segment(f"s/job{i // 2}-1/{quality}/{i:05d}.m4s", i * 180_000, 180_000 if i + 1 < len(sizes) else 90_000, size)
        for i, size in enumerate(sizes)
    )
    rate = Fraction(30_000, 1001)
    return VideoTrack(quality, width, height, rate, "avc1.64001f", 90_000, f"s/job0-1/{quality}/init.mp4", segments)


SOUND = AudioTrack(
    name='Deutsch "Fassung" <A&B>',
    language="de",
    default=True,
    channels=2,
    sample_rate=48_000,
    codec="mp4a.40.2",
    timescale=48_000,
    init="s/audio-3/init.mp4",
    segments=(Segment("s/audio-3/0.m4s", 0, 96_256, 32_000), Segment("s/audio-3/1.m4s", 96_256, 96_256, 30_000)),
)
SMALL = picture("360p", 640, 360, [100_000, 80_000, 20_000])
LARGE = picture("720p", 1280, 720, [400_000, 300_000, 90_000])
WHOLE = Presentation(Fraction("5.005"), (SMALL, LARGE), (SOUND,))


def test_a_generation_is_a_master_a_playlist_for_each_track_and_an_mpd() -> None:
    assert sorted(package(WHOLE, "g7")) == [
        "m/g7/audio-0.m3u8",
        "m/g7/manifest.mpd",
        "m/g7/master.m3u8",
        "m/g7/video-360p.m3u8",
        "m/g7/video-720p.m3u8",
    ]


def test_the_master_playlist_lists_the_rungs_from_small_to_large() -> None:
    assert package(WHOLE, "1")["m/1/master.m3u8"] == (
        "#EXTM3U\n"
        "#EXT-X-VERSION:7\n"
        "#EXT-X-INDEPENDENT-SEGMENTS\n"
        '#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="audio",NAME="Deutsch \'Fassung\' <A&B>",LANGUAGE="de",DEFAULT=YES,'
        'AUTOSELECT=YES,CHANNELS="2",URI="audio-0.m3u8"\n'
        "#EXT-X-STREAM-INF:BANDWIDTH=527660,AVERAGE-BANDWIDTH=443671,"
        'CODECS="avc1.64001f,mp4a.40.2",RESOLUTION=640x360,FRAME-RATE=29.970,AUDIO="audio"\n'
        "video-360p.m3u8\n"
        "#EXT-X-STREAM-INF:BANDWIDTH=1727660,AVERAGE-BANDWIDTH=1387671,"
        'CODECS="avc1.64001f,mp4a.40.2",RESOLUTION=1280x720,FRAME-RATE=29.970,AUDIO="audio"\n'
        "video-720p.m3u8\n"
    )


def test_a_media_playlist_names_its_segments_by_relative_url() -> None:
    assert package(WHOLE, "1")["m/1/video-360p.m3u8"] == (
        "#EXTM3U\n"
        "#EXT-X-VERSION:7\n"
        "#EXT-X-TARGETDURATION:2\n"
        "#EXT-X-MEDIA-SEQUENCE:0\n"
        "#EXT-X-PLAYLIST-TYPE:VOD\n"
        "#EXT-X-INDEPENDENT-SEGMENTS\n"
        '#EXT-X-MAP:URI="../../s/job0-1/360p/init.mp4"\n'
        "#EXTINF:2.000000,\n"
        "../../s/job0-1/360p/00000.m4s\n"
        "#EXTINF:2.000000,\n"
        "../../s/job0-1/360p/00001.m4s\n"
        "#EXTINF:1.000000,\n"
        "../../s/job1-1/360p/00002.m4s\n"
        "#EXT-X-ENDLIST\n"
    )


def test_the_mpd_says_the_same_of_the_same_files() -> None:
    root = ET.fromstring(package(WHOLE, "1")["m/1/manifest.mpd"])
    assert root.get("mediaPresentationDuration") == "PT5.005S"
    small, large, sound = root.findall(".//d:Representation", DASH)
    assert small.attrib == {
        "id": "video-360p",
        "bandwidth": "400000",
        "codecs": "avc1.64001f",
        "width": "640",
        "height": "360",
        "frameRate": "30000/1001",
        "sar": "1:1",
    }
    assert large.get("id") == "video-720p"
    assert sound.get("audioSamplingRate") == "48000"
    assert [s.attrib for s in small.iterfind(".//d:S", DASH)] == [
        {"t": "0", "d": "180000"},
        {"t": "180000", "d": "180000"},
        {"t": "360000", "d": "90000"},
    ]
    assert [url.get("media") for url in small.iterfind(".//d:SegmentURL", DASH)] == [
        "../../s/job0-1/360p/00000.m4s",
        "../../s/job0-1/360p/00001.m4s",
        "../../s/job1-1/360p/00002.m4s",
    ]


def test_every_segment_of_the_mpd_has_a_timeline_entry_of_its_own_since_dash_js_pairs_them_by_position() -> None:
    root = ET.fromstring(package(WHOLE, "1")["m/1/manifest.mpd"])
    for listed in root.iterfind(".//d:SegmentList", DASH):
        entries, addresses = listed.findall(".//d:S", DASH), listed.findall("d:SegmentURL", DASH)
        assert len(entries) == len(addresses)
        assert not any("r" in entry.attrib for entry in entries)


def test_text_from_outside_cannot_break_out_of_a_manifest() -> None:
    evil = replace(SOUND, name='x"\n#EXT-X-ENDLIST\n</Label><a b="\x00', language='e"n')
    made = package(replace(WHOLE, audio=(evil,)), "1")
    root = ET.fromstring(made["m/1/manifest.mpd"])
    label = root.find(".//d:Label", DASH)
    assert label is not None
    assert label.text == 'x"#EXT-X-ENDLIST</Label><a b="'
    (media,) = re.findall(r"#EXT-X-MEDIA:.*\n", made["m/1/master.m3u8"])
    assert media.count('"') == 10
    assert "\n#EXT-X-ENDLIST" not in made["m/1/master.m3u8"]


def test_every_url_in_every_manifest_leads_to_a_file_of_the_presentation() -> None:
    odd = replace(SMALL, segments=(*SMALL.segments[:2], replace(SMALL.segments[2], path="s/a b#c?/ü.m4s")))
    presentation = replace(WHOLE, video=(odd, LARGE))
    made = package(presentation, "g 1")
    tracks = (*presentation.video, *presentation.audio)
    files = {t.init for t in tracks} | {s.path for t in tracks for s in t.segments}
    for kind in ("m3u8", "mpd"):
        found: set[str] = set()
        for path, text in made.items():
            if path.endswith(kind):
                urls = re.findall(r'(?:URI|media|sourceURL)="([^"]+)"', text)
                urls += [line for line in text.splitlines() if line and not line.startswith(("#", "<", " "))]
                found |= {posixpath.normpath(posixpath.join("m/g 1", urllib.parse.unquote(url))) for url in urls}
        assert {url for url in found if not url.endswith("m3u8")} == files


def test_a_silent_presentation_has_no_audio_group() -> None:
    made = package(replace(WHOLE, audio=()), "1")
    assert "AUDIO" not in made["m/1/master.m3u8"]
    assert 'CODECS="avc1.64001f"' in made["m/1/master.m3u8"]
    assert "audio" not in made["m/1/manifest.mpd"]


def test_an_undetermined_language_is_not_claimed() -> None:
    assert "LANGUAGE" not in package(replace(WHOLE, audio=(replace(SOUND, language="und"),)), "1")["m/1/master.m3u8"]


@pytest.mark.parametrize(
    "presentation",
    [
        pytest.param(replace(WHOLE, video=()), id="no picture"),
        pytest.param(replace(WHOLE, video=(replace(SMALL, segments=()),)), id="a track without segments"),
        pytest.param(replace(WHOLE, video=(SMALL, SMALL)), id="a quality twice"),
        pytest.param(replace(WHOLE, audio=(SOUND, SOUND)), id="a name twice"),
    ],
)
def test_a_presentation_that_cannot_play_is_refused(presentation: Presentation) -> None:
    with pytest.raises(ValueError, match="track"):
        package(presentation, "1")


def of(*sizes_and_seconds: tuple[int, float]) -> list[Segment]:
    return [Segment("x", 0, int(seconds * 1000), size) for size, seconds in sizes_and_seconds]


def test_the_peak_is_the_largest_rate_of_about_one_target_duration() -> None:
    assert measure(of((1000, 2), (3000, 2), (1000, 2)), 1000) == Rates(peak=12_000, average=6_667)


def test_a_tail_of_a_few_frames_is_no_peak_of_its_own() -> None:
    assert measure(of((1000, 2), (1000, 0.1)), 1000).peak == 7_620


def test_a_short_tail_counts_together_with_what_is_before_it() -> None:
    assert measure(of((1000, 2), (1000, 2), (900, 0.5)), 1000).peak == 6_080


def test_a_clip_shorter_than_half_a_second_has_its_average_as_its_peak() -> None:
    assert measure(of((1000, 0.25)), 1000) == Rates(32_000, 32_000)


@pytest.mark.parametrize(("seconds", "target"), [(0.04, 1), (2, 2), (2.499, 2), (2.5, 3), (9.2, 9)])
def test_the_target_duration_is_the_longest_segment_rounded(seconds: float, target: int) -> None:
    assert target_duration(of((1, seconds), (1, 0.01)), 1000) == target


CAPTIONED = replace(
    WHOLE,
    captions=(
        CaptionTrack('de ("SDH" <1>)', "de", "c/u-1/captions.vtt"),
        CaptionTrack("und", "und", "c/c-r1.1.1/captions-3.vtt"),
    ),
)


def test_captions_are_offered_beside_every_variant_and_off_by_themselves() -> None:
    master = package(CAPTIONED, "1")["m/1/master.m3u8"].splitlines()
    assert [line for line in master if "TYPE=SUBTITLES" in line] == [
        '#EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID="captions",NAME="de (\'SDH\' <1>)",LANGUAGE="de",DEFAULT=NO,'
        'AUTOSELECT=YES,FORCED=NO,URI="captions-0.m3u8"',
        '#EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID="captions",NAME="und",DEFAULT=NO,AUTOSELECT=YES,FORCED=NO,'
        'URI="captions-1.m3u8"',
    ]
    variants = [line for line in master if line.startswith("#EXT-X-STREAM-INF")]
    assert len(variants) == 2
    assert all(line.endswith(',SUBTITLES="captions"') for line in variants)


def test_captions_are_one_segment_as_long_as_the_presentation() -> None:
    assert package(CAPTIONED, "1")["m/1/captions-0.m3u8"] == (
        "#EXTM3U\n"
        "#EXT-X-VERSION:7\n"
        "#EXT-X-TARGETDURATION:6\n"
        "#EXT-X-MEDIA-SEQUENCE:0\n"
        "#EXT-X-PLAYLIST-TYPE:VOD\n"
        "#EXTINF:5.005000,\n"
        "../../c/u-1/captions.vtt\n"
        "#EXT-X-ENDLIST\n"
    )


def test_the_mpd_has_a_set_for_each_track_of_captions() -> None:
    root = ET.fromstring(package(CAPTIONED, "1")["m/1/manifest.mpd"])
    sets = root.findall(".//d:AdaptationSet[@contentType='text']", DASH)
    assert [(one.get("mimeType"), one.get("lang"), one.findtext("d:Label", None, DASH)) for one in sets] == [
        ("text/vtt", "de", 'de ("SDH" <1>)'),
        ("text/vtt", "und", "und"),
    ]
    assert [one.findtext("d:Representation/d:BaseURL", None, DASH) for one in sets] == [
        "../../c/u-1/captions.vtt",
        "../../c/c-r1.1.1/captions-3.vtt",
    ]
    assert all(one.find("d:Role", DASH) is not None for one in sets)


def test_two_tracks_of_captions_cannot_be_named_alike() -> None:
    twice = replace(WHOLE, captions=(CaptionTrack("de", "de", "c/1"), CaptionTrack("de", "de", "c/2")))
    with pytest.raises(ValueError, match="share a name"):
        package(twice, "1")
