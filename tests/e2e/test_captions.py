"""Captions on the real stack: those in the file and those that are uploaded, in both manifests and under the grant."""

from __future__ import annotations

import re
import subprocess
import time
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urljoin

import httpx
import imageio_ffmpeg
import pytest

from tests.e2e.people import Person, nobody, somebody
from tests.e2e.speaking import LONG, PATIENCE, add, captions_of
from tests.e2e.stacks import Stack
from tests.e2e.uploading import upload

pytestmark = pytest.mark.timeout(600)

SRT = "1\n00:00:00,500 --> 00:00:01,500\nOne <i>word</i>\n& more\n\n2\n00:00:02,000 --> 00:00:03,000\nTw\u00f6\n"


@pytest.fixture
def creator(stack: Stack) -> Iterator[Person]:
    """Somebody with a channel of their own."""
    person = somebody(stack)
    try:
        yield person
    finally:
        person.edge.close()


@pytest.fixture(scope="module")
def spoken(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four seconds with captions in two languages."""
    folder = tmp_path_factory.mktemp("spoken")
    (folder / "a.srt").write_text(SRT, encoding="utf-8")
    made = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-f", "lavfi", "-i", "testsrc=d=4:s=320x180:r=25"]
    tracks = ["-map", "0", "-map", "1", "-map", "1", "-c:v", "libx264", "-pix_fmt", "yuv420p", "-c:s:0", "srt"]
    said = ["-c:s:1", "ass", "-metadata:s:s:0", "language=eng", "-metadata:s:s:1", "language=ger"]
    subprocess.run([*made, "-i", folder / "a.srt", *tracks, *said, folder / "spoken.mkv"], check=True)
    return folder / "spoken.mkv"


def words(url: str) -> list[str]:
    answer = httpx.get(url)
    assert answer.status_code == 200, (url, answer.text)
    assert answer.headers["content-type"].startswith("text/vtt")
    assert answer.headers["access-control-allow-origin"] == "*"
    return re.findall(r"--> \S+\n(.*)\n", answer.text)


def test_captions_of_the_file_and_uploaded_ones_come_to_players(stack: Stack, creator: Person, spoken: Path) -> None:
    video_id = upload(creator, spoken, seconds=LONG)
    captions_of(creator, video_id, "eng", "ger")
    assert add(creator, video_id, "fr", SRT).status_code == 200
    playback = captions_of(creator, video_id, "eng", "fr", "ger")

    urls = [track["url"] for track in playback["tracks"] if track.get("url")]
    assert [words(url) for url in urls] == [["One <i>word</i>", "Tw\u00f6"]] * 3
    master = httpx.get(playback["hls_url"]).text
    playlists = re.findall(r'TYPE=SUBTITLES[^\n]*URI="([^"]+)"', master)
    in_hls: list[str] = []
    for playlist in (urljoin(playback["hls_url"], uri) for uri in playlists):
        in_hls += [
            urljoin(playlist, line) for line in httpx.get(playlist).text.splitlines() if line[:1] not in {"#", ""}
        ]
    root = ET.fromstring(httpx.get(playback["dash_url"]).text)
    in_dash = [urljoin(playback["dash_url"], str(one.text)) for one in root.iter() if one.tag.endswith("BaseURL")]
    assert in_hls == in_dash == urls
    bare = re.sub(r"/media/~[^/]+/", "/media/", urls[0])
    assert httpx.get(bare).status_code in {401, 403, 404}

    listed = creator.get(f"/v1/videos/{video_id}/captions").raise_for_status().json()["captions"]
    assert [(one["language"], one["origin"].removeprefix("CAPTION_ORIGIN_")) for one in listed] == [
        ("eng", "EMBEDDED"),
        ("fr", "UPLOADED"),
        ("ger", "EMBEDDED"),
    ]
    said = creator.get(f"/v1/videos/{video_id}/captions/{listed[1]['caption_id']}/transcript").raise_for_status().json()
    assert said["cues"] == [
        {"start_time": "0.500s", "end_time": "1.500s", "text": "One word\n& more"},
        {"start_time": "2s", "end_time": "3s", "text": "Tw\u00f6"},
    ]

    for one in listed[::2]:
        creator.edge.delete(f"/v1/videos/{video_id}/captions/{one['caption_id']}").raise_for_status()
    captions_of(creator, video_id, "fr")
    with nobody(stack) as stranger:
        assert stranger.get(f"/v1/videos/{video_id}/captions").status_code == 404


def test_captions_end_with_the_grant_of_their_video(creator: Person, spoken: Path) -> None:
    video_id = upload(creator, spoken, seconds=LONG)
    creator.publish(video_id, "PUBLIC")
    playback = captions_of(creator, video_id, "eng", "ger")
    url = next(track["url"] for track in playback["tracks"] if track.get("url"))
    assert httpx.get(url).status_code == 200
    creator.publish(video_id, "PRIVATE")
    give_up = time.monotonic() + PATIENCE
    while httpx.get(url).status_code == 200:
        assert time.monotonic() < give_up, "captions of a private video are still given"
        time.sleep(0.1)


def test_what_is_wrong_with_captions_is_said_with_its_line(creator: Person, spoken: Path) -> None:
    video_id = upload(creator, spoken, seconds=LONG)
    answer = add(creator, video_id, "en", "1\n00:00:02,000 --> 00:00:01,000\nbackwards\n")
    assert answer.status_code == 400
    assert answer.json()["message"] == "Line 2: The cue ends before it begins."
    assert "INVALID_CAPTIONS" in answer.text
