"""The rules of watching."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from mesh.config import Edge
from mesh.errors import Fault
from svc_playback.playback import domain
from vidmesh.playback.v1 import playback_pb2
from vidmesh.transcode.v1.transcode_pb2 import VideoFile

NOW = datetime(2030, 1, 1, tzinfo=UTC)
RULES = domain.GrantRules(lifetime=timedelta(hours=1), longest=timedelta(hours=12))
FILES = [
    VideoFile(quality="360p", codec="avc1.64001e", width=640, height=360, peak_bitrate=500_000),
    VideoFile(quality="1080p", codec="avc1.640028", width=1920, height=1080, peak_bitrate=5_000_000),
    VideoFile(quality="720p", codec="avc1.64001f", width=1280, height=720, peak_bitrate=2_000_000),
    VideoFile(quality="720p", codec="av01.0.05M.08", width=1280, height=720, peak_bitrate=900_000),
    VideoFile(quality="audio", codec="mp4a.40.2", peak_bitrate=130_000),
]


@pytest.mark.parametrize(
    ("minutes", "hours"),
    [(1, 1), (30, 1), (90, 3), (600, 12)],
    ids=["a clip: an hour", "exactly half an hour: an hour", "a film: twice its length", "a marathon: never over 12 h"],
)
def test_a_grant_outlives_the_video_but_not_the_day(minutes: int, hours: int) -> None:
    assert RULES.expiry(NOW, timedelta(minutes=minutes)) == NOW + timedelta(hours=hours)


@pytest.mark.parametrize(
    ("codecs", "left"),
    [
        ([], 5),
        (["avc1", "mp4a"], 4),
        (["AV01", "mp4a.40.2"], 2),
        (["avc1.6400"], 3),
        (["avc"], 0),
        (["hvc1"], 0),
    ],
)
def test_a_device_gets_the_tracks_whose_codec_it_names_by_prefix(codecs: list[str], left: int) -> None:
    assert len(domain.decodable(FILES, codecs)) == left


def test_a_device_that_can_show_no_picture_is_told_so() -> None:
    with pytest.raises(Fault) as refused:
        domain.require_watchable(domain.decodable(FILES, ["mp4a"]))
    assert refused.value.reason_name == "NO_DECODABLE_RENDITION"


@pytest.mark.parametrize(
    ("wanted", "device", "begins"),
    [
        ("1080p", playback_pb2.DEVICE_TYPE_PHONE, "1080p"),
        ("1440p", playback_pb2.DEVICE_TYPE_UNSPECIFIED, "1080p"),
        ("480p", playback_pb2.DEVICE_TYPE_TV, "360p"),
        ("144p", playback_pb2.DEVICE_TYPE_TV, "360p"),
        ("", playback_pb2.DEVICE_TYPE_TV, "1080p"),
        ("", playback_pb2.DEVICE_TYPE_PHONE, "720p"),
        ("", playback_pb2.DEVICE_TYPE_UNSPECIFIED, "720p"),
    ],
)
def test_it_begins_with_the_quality_that_is_wanted_or_the_next_lower_one(
    wanted: str, device: playback_pb2.DeviceType.ValueType, begins: str
) -> None:
    assert domain.start_quality(FILES, wanted, device) == begins


def test_tracks_come_pictures_first_and_smallest_first() -> None:
    assert [(t.quality, t.peak_bitrate) for t in domain.tracks(FILES)] == [
        ("360p", 500_000),
        ("720p", 900_000),
        ("720p", 2_000_000),
        ("1080p", 5_000_000),
        ("audio", 130_000),
    ]


def test_a_viewer_watches_from_an_edge_of_the_own_country_or_the_one_that_was_called() -> None:
    here, there = Edge(name="local", url="http://a"), Edge(name="fra", url="http://b", countries=("DE",))
    assert domain.choose_edge([here, there], came_through="local", country="DE") is there
    assert domain.choose_edge([here, there], came_through="fra", country="US") is there
    assert domain.choose_edge([here, there], came_through="elsewhere", country="") is here
