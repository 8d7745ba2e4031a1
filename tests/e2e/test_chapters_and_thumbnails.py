"""Chapters and thumbnails on the real stack: who says what they are, and what players and cards are given."""

from __future__ import annotations

import base64
import re
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import httpx
import imageio_ffmpeg
import pytest

from tests.e2e.people import Person, nobody, somebody
from tests.e2e.stacks import Stack
from tests.e2e.uploading import upload
from tests.unit.pictures import files

pytestmark = pytest.mark.timeout(600)

PATIENCE = 150
"""Seconds."""
LONG = 300
"""Seconds that processing may take beside other tests."""
MARKS = """;FFMETADATA1
[CHAPTER]
TIMEBASE=1/1000
START=0
END=15000
title=Anfang
[CHAPTER]
TIMEBASE=1/1000
START=15000
END=33000
title=Ende
"""


@pytest.fixture
def creator(stack: Stack) -> Iterator[Person]:
    """Somebody with a channel of their own."""
    person = somebody(stack)
    try:
        yield person
    finally:
        person.edge.close()


@pytest.fixture(scope="module")
def marked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """33 seconds with two chapters: black, then five scenes."""
    folder = tmp_path_factory.mktemp("marked")
    (folder / "marks.txt").write_text(MARKS, encoding="utf-8")
    made = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-f", "lavfi", "-i", "color=black:d=3:s=320x180:r=10"]
    made += ["-f", "lavfi", "-i", "testsrc=d=15:s=320x180:r=10", "-f", "lavfi", "-i", "mandelbrot=s=320x180:r=10"]
    joined = "[2]trim=duration=15[m];[0][1][m]concat=n=3"
    given = ["-i", folder / "marks.txt", "-map_chapters", "3", "-filter_complex", joined]
    encoded = ["-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-g", "20", folder / "marked.mp4"]
    subprocess.run([*made, *given, *encoded], check=True)
    return folder / "marked.mp4"


def eventually(look: Callable[[], Any], wanted: Any) -> None:
    give_up = time.monotonic() + PATIENCE
    while (found := look()) != wanted:
        assert time.monotonic() < give_up, f"{found} for {wanted}"
        time.sleep(0.2)


def update(person: Person, video_id: str, mask: str, **fields: Any) -> httpx.Response:
    return person.edge.patch(f"/v1/videos/{video_id}", params={"update_mask": mask}, json=fields)


def chapters(person: Person, video_id: str) -> tuple[str, list[tuple[str, str, str]]]:
    playback = person.playback(video_id).raise_for_status().json()["playback"]
    found = [(one["start_time"], one["end_time"], one["title"]) for one in playback["chapters"]]
    return playback["chapter_origin"].removeprefix("CHAPTER_ORIGIN_"), found


def path_in(url: str) -> str:
    return re.sub(r".*/media/~[^/]+/", "", url)


def test_chapters_of_the_file_give_way_to_the_descriptions_and_those_to_the_creators(
    creator: Person, marked: Path
) -> None:
    video_id = upload(creator, marked, seconds=LONG)
    of_file = ("FILE", [("0s", "15s", "Anfang"), ("15s", "33s", "Ende")])
    assert chapters(creator, video_id) == of_file

    lines = "My day\n0:00 Intro\n0:10 - The walk\n0:20 - Home"
    update(creator, video_id, "description", description=lines).raise_for_status()
    described = ("DESCRIPTION", [("0s", "10s", "Intro"), ("10s", "20s", "The walk"), ("20s", "33s", "Home")])
    eventually(lambda: chapters(creator, video_id), described)

    own = [{"start_time": "0s", "title": "One"}, {"start_time": "2.500s", "title": "Two"}]
    answer = update(creator, video_id, "chapters", chapters=own).raise_for_status().json()["video"]
    assert answer["chapters"] == own
    eventually(lambda: chapters(creator, video_id), ("CREATOR", [("0s", "2.500s", "One"), ("2.500s", "33s", "Two")]))

    late = [*own, {"start_time": "33s", "title": "Three"}]
    refused = update(creator, video_id, "chapters", chapters=late)
    assert refused.status_code == 400
    assert "0:33" in refused.text
    update(creator, video_id, "chapters").raise_for_status()
    eventually(lambda: chapters(creator, video_id), described)
    update(creator, video_id, "description", description="0:00 Intro").raise_for_status()
    eventually(lambda: chapters(creator, video_id), of_file)


def test_the_thumbnail_that_is_chosen_or_uploaded_is_on_cards_and_in_players(
    stack: Stack, creator: Person, marked: Path
) -> None:
    video_id = upload(creator, marked, title="Pictures", seconds=LONG)
    creator.publish(video_id, "PUBLIC")

    def listed() -> list[dict[str, Any]]:
        return creator.get(f"/v1/videos/{video_id}/thumbnails").raise_for_status().json()["thumbnails"]

    eventually(lambda: [one["shown"] for one in listed()], [True, False, False, False])
    for one in listed():
        picture = creator.edge.get(one["url"])
        assert (picture.status_code, picture.headers["content-type"]) == (200, "image/jpeg")
        assert max(sum(color) for color in files.seen(picture.content)[1]) > 100, "a black one is offered"

    with nobody(stack) as anonymous:

        def shown() -> list[str]:
            """On the card, and in a player."""
            video = anonymous.get(f"/v1/videos/{video_id}").raise_for_status().json()["video"]
            playback = anonymous.get(f"/v1/videos/{video_id}/playback").raise_for_status().json()["playback"]
            return [path_in(video["thumbnail"]["url"]), path_in(playback["thumbnails"][0]["url"])]

        other = listed()[2]
        creator.post(f"/v1/videos/{video_id}/thumbnails/{other['thumbnail_id']}:choose", {}).raise_for_status()
        eventually(shown, [path_in(other["url"])] * 2)

        content = base64.b64encode(files.encoded("png", "rgba")).decode()
        made = creator.post(f"/v1/videos/{video_id}/thumbnails", {"content": content}).raise_for_status()
        own = made.json()["thumbnail"]
        eventually(shown, [path_in(own["url"])] * 2)
        url = anonymous.get(f"/v1/videos/{video_id}").json()["video"]["thumbnail"]["url"]
        size, corners = files.seen(httpx.get(urljoin(stack.edge_url, url)).raise_for_status().content)
        assert size == (own["width"], own["height"]) == (640, 360)
        assert files.alike(corners, list(files.CORNERS))

        refused = creator.post(f"/v1/videos/{video_id}/thumbnails", {"content": base64.b64encode(b"<svg/>").decode()})
        assert refused.status_code == 400
        assert refused.json()["details"][0]["reason"] == "INVALID_PICTURE"
        largest = base64.b64encode(b"\xff\xd8".ljust(1_500_000, b"\0")).decode()
        refused = creator.post(f"/v1/videos/{video_id}/thumbnails", {"content": largest})
        assert refused.json()["details"][0]["reason"] == "INVALID_PICTURE", (
            "what the contract takes, the edge lets through"
        )
        assert anonymous.get(f"/v1/videos/{video_id}/thumbnails").status_code == 401
        creator.edge.delete(f"/v1/videos/{video_id}/thumbnails/{own['thumbnail_id']}").raise_for_status()
        eventually(shown, [path_in(listed()[0]["url"])] * 2)
