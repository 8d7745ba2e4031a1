"""Who may watch: visibility holds for the calls and for every byte of media."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urljoin

import httpx
import pytest

from tests.e2e.people import Person, nobody, somebody
from tests.e2e.stacks import Stack
from tests.e2e.uploading import upload


@dataclass(frozen=True, slots=True)
class Scene:
    """An owner with a video, another account, and somebody who is not signed in."""

    owner: Person
    other: Person
    anonymous: httpx.Client
    video_id: str


@pytest.fixture(scope="module")
def scene(stack: Stack) -> Iterator[Scene]:
    owner, other, anonymous = somebody(stack), somebody(stack), nobody(stack)
    video_id = upload(owner)
    yield Scene(owner, other, anonymous, video_id)
    for client in (owner.edge, other.edge, anonymous):
        client.close()


def _playback(client: httpx.Client, video_id: str) -> httpx.Response:
    return client.get(f"/v1/videos/{video_id}/playback")


def _reason(answer: httpx.Response) -> str:
    return answer.json()["details"][0]["reason"]


def _segment(hls_url: str) -> str:
    master = httpx.get(hls_url).raise_for_status().text
    playlist = urljoin(hls_url, next(line for line in master.splitlines() if line and not line.startswith("#")))
    text = httpx.get(playlist).raise_for_status().text
    return urljoin(playlist, next(line for line in text.splitlines() if line and not line.startswith("#")))


def _gone_within(url: str, seconds: float) -> bool:
    give_up = time.monotonic() + seconds
    while time.monotonic() < give_up:
        if httpx.get(url).status_code == 403:
            return True
        time.sleep(0.02)
    return False


def test_a_private_video_is_as_if_it_did_not_exist(scene: Scene) -> None:
    scene.owner.publish(scene.video_id, "PRIVATE")
    for client in (scene.other.edge, scene.anonymous):
        for path in (f"/v1/videos/{scene.video_id}", f"/v1/videos/{scene.video_id}/playback"):
            answer = client.get(path)
            assert (answer.status_code, _reason(answer)) == (404, "VIDEO_NOT_FOUND")
        listed = client.get(f"/v1/channels/{scene.owner.channel_id}/videos").json()["videos"]
        assert scene.video_id not in {video["video_id"] for video in listed}
    assert _playback(scene.owner.edge, scene.video_id).status_code == 200


def test_an_unlisted_video_is_watched_by_its_link_and_listed_nowhere(scene: Scene) -> None:
    scene.owner.publish(scene.video_id, "UNLISTED")
    assert _playback(scene.anonymous, scene.video_id).status_code == 200
    listed = scene.anonymous.get(f"/v1/channels/{scene.owner.channel_id}/videos").json()["videos"]
    assert listed == []


def test_a_public_video_is_watched_and_listed_by_everybody(scene: Scene) -> None:
    scene.owner.publish(scene.video_id, "PUBLIC")
    assert _playback(scene.anonymous, scene.video_id).status_code == 200
    listed = scene.anonymous.get(f"/v1/channels/{scene.owner.channel_id}/videos").json()["videos"]
    assert [video["video_id"] for video in listed] == [scene.video_id]
    assert httpx.get(urljoin(str(scene.anonymous.base_url), listed[0]["thumbnail"]["url"])).status_code == 200


@pytest.mark.parametrize("after", ["PRIVATE", "deleted"])
def test_a_grant_ends_within_a_second_of_the_video_being_taken_away(scene: Scene, after: str) -> None:
    scene.owner.publish(scene.video_id, "PUBLIC")
    segment = _segment(_playback(scene.anonymous, scene.video_id).json()["playback"]["hls_url"])
    assert httpx.get(segment).status_code == 200
    if after == "deleted":
        scene.owner.edge.delete(f"/v1/videos/{scene.video_id}").raise_for_status()
    else:
        scene.owner.publish(scene.video_id, after)
    assert _gone_within(segment, 1.0)
    assert _playback(scene.anonymous, scene.video_id).status_code == 404
    if after == "deleted":
        scene.owner.post(f"/v1/videos/{scene.video_id}:undelete", {}).raise_for_status()
    scene.owner.publish(scene.video_id, "PUBLIC")
    again = _segment(_playback(scene.anonymous, scene.video_id).json()["playback"]["hls_url"])
    assert httpx.get(again).status_code == 200
    assert httpx.get(segment).status_code == 403


def test_media_open_to_no_other_token(scene: Scene) -> None:
    scene.owner.publish(scene.video_id, "PUBLIC")
    segment = _segment(_playback(scene.anonymous, scene.video_id).json()["playback"]["hls_url"])
    token = re.search(r"/~([^/]+)/", segment)
    assert token
    head, body, signature = token[1].split(".")
    attempts = {
        "no token": segment.replace(f"~{token[1]}/", ""),
        "an empty one": segment.replace(token[1], ""),
        "a cut signature": segment.replace(token[1], f"{head}.{body}.{signature[:-4]}"),
        "no signature": segment.replace(token[1], f"{head}.{body}."),
        "another video": segment.replace(f"/v/{scene.video_id}/", "/v/AAAAAAAAAAA/"),
        "the way up": segment.replace(f"/v/{scene.video_id}/", f"/v/{scene.video_id}/../AAAAAAAAAAA/"),
        "the way up, encoded": segment.replace(f"/v/{scene.video_id}/", f"/v/{scene.video_id}/%2e%2e/AAAAAAAAAAA/"),
        "an encoded slash": segment.replace(f"/v/{scene.video_id}/", f"/v/{scene.video_id}%2f..%2fAAAAAAAAAAA/"),
    }
    for name, url in attempts.items():
        assert httpx.get(url).status_code in {400, 401, 403, 404}, name
    assert httpx.put(segment, content=b"x").status_code in {403, 404, 405}


def test_somebody_elses_video_cannot_be_changed(scene: Scene) -> None:
    scene.owner.publish(scene.video_id, "PUBLIC")
    changes = {
        "publish": scene.other.post(f"/v1/videos/{scene.video_id}:publish", {"visibility": "VISIBILITY_PRIVATE"}),
        "update": scene.other.edge.patch(f"/v1/videos/{scene.video_id}", json={"title": "Mine"}),
        "delete": scene.other.edge.delete(f"/v1/videos/{scene.video_id}"),
        "files": scene.other.get(f"/v1/videos/{scene.video_id}/files"),
        "processing": scene.other.get(f"/v1/videos/{scene.video_id}/processing"),
    }
    for name, answer in changes.items():
        assert (answer.status_code, _reason(answer)) == (403, "PERMISSION_DENIED"), name
    unsigned = scene.anonymous.delete(f"/v1/videos/{scene.video_id}")
    assert (unsigned.status_code, _reason(unsigned)) == (401, "SIGN_IN_REQUIRED")
