"""The main road on the real stack: a file becomes a video that plays, adaptive, from signed URLs."""

from __future__ import annotations

import io
import re
import time
import xml.etree.ElementTree as ET
from typing import Any
from urllib.parse import urljoin

import av
import httpx
import pytest

from tests.e2e.boards import sheets
from tests.e2e.people import CLIP_FRAMES, sign_up_by_command, upload_by_command
from tests.e2e.stacks import Stack

DASH = {"d": "urn:mpeg:dash:schema:mpd:2011"}


@pytest.fixture(scope="module")
def made(stack: Stack) -> dict[str, Any]:
    """The clip, uploaded by the command line and processed to the end."""
    sign_up_by_command(stack)
    return upload_by_command(stack, "--visibility", "public")


def _text(url: str) -> str:
    answer = httpx.get(url)
    assert answer.status_code == 200, (url, answer.text)
    return answer.text


def _playback(stack: Stack, made: dict[str, Any]) -> dict[str, Any]:
    return httpx.get(f"{stack.edge_url}/v1/videos/{made['video_id']}/playback").raise_for_status().json()


def _uris(playlist: str) -> list[str]:
    return [line for line in playlist.splitlines() if line and not line.startswith("#")]


def _track(url: str) -> bytes:
    """A whole track of an HLS media playlist: its initialization section and all segments."""
    text = _text(url)
    first = re.search(r'#EXT-X-MAP:URI="([^"]+)"', text)
    assert first
    assert "#EXT-X-ENDLIST" in text
    return b"".join(httpx.get(urljoin(url, uri)).raise_for_status().content for uri in [first[1], *_uris(text)])


def _frames(track: bytes, kind: str) -> int:
    with av.open(io.BytesIO(track), "r") as container:
        return sum(1 for _ in container.decode(next(s for s in container.streams if s.type == kind)))


def test_the_command_prints_one_object_that_says_what_was_made(made: dict[str, Any]) -> None:
    assert re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_-]{10}", made["video_id"])
    assert made["processing_state"] == "PROCESSED"
    assert made["duration_seconds"] == pytest.approx(5.312, abs=0.002)
    pictures = {r["quality"]: r for r in made["renditions"] if r["width"]}
    assert {q: (r["width"], r["height"]) for q, r in pictures.items()} == {"360p": (640, 360), "720p": (1280, 720)}
    assert all(r["codec"].startswith("avc1.") for r in pictures.values())
    assert pictures["360p"]["bandwidth"] < pictures["720p"]["bandwidth"]
    assert all(r["bytes"] > 0 and re.fullmatch(r"[0-9a-f]{64}", r["sha256"]) for r in made["renditions"])
    assert len(made["thumbnails"]) == 4
    assert set(made["timings"]) == {
        "upload_seconds",
        "playable_after_upload_seconds",
        "complete_after_upload_seconds",
    }


def test_every_rendition_of_hls_decodes_to_the_last_picture(made: dict[str, Any]) -> None:
    master = _text(made["hls_url"])
    variants = _uris(master)
    assert len(variants) == 2
    for uri in variants:
        assert _frames(_track(urljoin(made["hls_url"], uri)), "video") == CLIP_FRAMES
    sound = re.search(r'TYPE=AUDIO[^\n]*URI="([^"]+)"', master)
    assert sound
    assert _frames(_track(urljoin(made["hls_url"], sound[1])), "audio") > 200


def test_dash_names_the_very_same_segments(made: dict[str, Any]) -> None:
    root = ET.fromstring(_text(made["dash_url"]))
    in_dash = {
        urljoin(made["dash_url"], str(element.get(name)))
        for element in root.iter()
        for name in ("media", "sourceURL")
        if element.get(name)
    }
    in_hls = set[str]()
    master = _text(made["hls_url"])
    playlists = [*_uris(master), *re.findall(r'TYPE=AUDIO[^\n]*URI="([^"]+)"', master)]
    for playlist in (urljoin(made["hls_url"], uri) for uri in playlists):
        text = _text(playlist)
        in_hls |= {urljoin(playlist, uri) for uri in [*_uris(text), *re.findall(r'MAP:URI="([^"]+)"', text)]}
    assert len(in_hls) > 8

    # The two manifests may come by different grants; what is behind them is the same.
    def bare(urls: set[str]) -> set[str]:
        return {re.sub(r"/~[^/]+/", "/", url) for url in urls}

    assert bare(in_dash) == bare(in_hls)


def test_pictures_of_the_video_are_there(made: dict[str, Any]) -> None:
    for url in made["thumbnails"]:
        answer = httpx.get(url)
        assert answer.headers["content-type"] == "image/jpeg"
        with av.open(io.BytesIO(answer.content), "r") as picture:
            assert (picture.streams.video[0].width, picture.streams.video[0].height) == (1280, 720)


def test_a_storyboard_is_made_when_it_can_be_played_and_is_under_the_same_grant(
    made: dict[str, Any], stack: Stack
) -> None:
    give_up = time.monotonic() + 30
    # Nothing waits for it, so it may come after the end.
    while not (url := _playback(stack, made)["playback"].get("storyboard_url", "")):
        assert time.monotonic() < give_up
        time.sleep(0.2)
    cues = re.findall(r"(\S+) --> (\S+)\n(\S+)#xywh=(\d+),(\d+),(\d+),(\d+)", _text(url))
    # The pictures end a little before the sound.
    assert (cues[0][0], cues[-1][1]) == ("00:00:00.000", f"00:00:{CLIP_FRAMES / 25:06.3f}")
    assert [cue[0] for cue in cues[1:]] == [cue[1] for cue in cues[:-1]]
    for sheet in sheets(url, _text(url)):
        answer = httpx.get(sheet)
        assert answer.headers["content-type"] == "image/jpeg"
        with av.open(io.BytesIO(answer.content), "r") as container:
            shape = next(container.decode(video=0))
        assert all(int(x) + int(w) <= shape.width and int(y) + int(h) <= shape.height for *_, x, y, w, h in cues)
    bare = re.sub(r"/media/~[^/]+/", "/media/", url)
    assert httpx.get(bare).status_code in {401, 403, 404}


def test_a_segment_can_be_read_in_ranges_and_by_pages_of_other_origins(made: dict[str, Any]) -> None:
    playlist = urljoin(made["hls_url"], _uris(_text(made["hls_url"]))[0])
    segment = urljoin(playlist, _uris(_text(playlist))[0])
    whole = httpx.get(segment, headers={"origin": "https://player.example"})
    part = httpx.get(segment, headers={"range": "bytes=10-99"})
    assert whole.headers["access-control-allow-origin"] in {"*", "https://player.example"}
    assert "access-control-allow-credentials" not in whole.headers
    assert part.status_code == 206
    assert part.content == whole.content[10:100]


def test_processing_can_be_followed_as_server_sent_events(made: dict[str, Any], stack: Stack) -> None:
    token = (stack.data / "session.json").read_text()
    access = re.search(r'"access_token":\s*"([^"]+)"', token)
    assert access
    url = f"{stack.edge_url}/v1/videos/{made['video_id']}/processing:watch"
    answer = httpx.get(url, headers={"authorization": f"Bearer {access[1]}"})
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert answer.text.startswith("data: ")
    assert '"PROCESSING_STATE_PROCESSED"' in answer.text
