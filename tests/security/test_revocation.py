"""What was granted ends within a second of whatever takes the right away, and nobody else is kept out for longer than
it takes to ask again.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from tests.security.matrix.media import everything, status
from tests.security.matrix.scene import PRIVATE, PUBLIC, SCHEDULED, UNLISTED, Account, Scene, Subject

WITHIN = 1.0
"""Seconds from the answer of the change until no grant of before opens anything."""


@dataclass(frozen=True, slots=True)
class Change:
    """Somebody loses the right to a video."""

    viewer: str
    """Who of the scene holds a grant."""
    subject: Subject
    happens: Callable[[Scene, str], None]
    undone: Callable[[Scene, str], None]


def _publish(visibility: str) -> Callable[[Scene, str], None]:
    return lambda scene, video_id: scene.owner.person.publish(video_id, visibility)


def _schedule(scene: Scene, video_id: str) -> None:
    soon = (datetime.now(UTC) + timedelta(hours=2)).strftime("%Y-%m-%dT%H:%M:%SZ")
    body = {"visibility": "VISIBILITY_PUBLIC", "publish_time": soon}
    scene.owner.person.post(f"/v1/videos/{video_id}:publish", body).raise_for_status()


def _delete(scene: Scene, video_id: str) -> None:
    scene.owner.person.edge.delete(f"/v1/videos/{video_id}").raise_for_status()


def _undelete(scene: Scene, video_id: str) -> None:
    scene.owner.person.post(f"/v1/videos/{video_id}:undelete", {}).raise_for_status()


def _member(scene: Scene) -> str:
    return f"/v1/channels/{scene.owner.person.channel_id}/members/{scene.manager.account_id}"


def _remove(scene: Scene, _video_id: str) -> None:
    scene.owner.person.edge.delete(_member(scene)).raise_for_status()


def _take_back(scene: Scene, _video_id: str) -> None:
    scene.owner.person.edge.put(_member(scene), json={"role": "CHANNEL_ROLE_MANAGER"}).raise_for_status()


CHANGES = {
    "a public video is made private": Change("stranger", PUBLIC, _publish("PRIVATE"), _publish("PUBLIC")),
    "an unlisted video is made private": Change("stranger", UNLISTED, _publish("PRIVATE"), _publish("UNLISTED")),
    "an unlisted video is scheduled": Change("stranger", UNLISTED, _schedule, _publish("UNLISTED")),
    "a public video is deleted": Change("stranger", PUBLIC, _delete, _undelete),
    "a private video is deleted under its owner": Change("owner", PRIVATE, _delete, _undelete),
    "a manager of a private video leaves": Change("manager", PRIVATE, _remove, _take_back),
    "a manager of a scheduled video leaves": Change("manager", SCHEDULED, _remove, _take_back),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_grant_ends_within_a_second_of_whatever_takes_the_right_away(scene: Scene, change: Change) -> None:
    viewer: Account = getattr(scene, change.viewer)
    video_id = scene.ids[change.subject]
    addresses = everything(viewer.person.edge, video_id)
    # Twice, so that the edge has it in its cache.
    assert [status(addresses["segment"]) for _ in range(2)] == [200, 200]
    change.happens(scene, video_id)
    begun = time.monotonic()
    try:
        while status(addresses["segment"]) != 403:
            assert time.monotonic() - begun < WITHIN, f"still open after {WITHIN} s"
            time.sleep(0.02)
        assert {kind: status(url) for kind, url in addresses.items()} == dict.fromkeys(addresses, 403)
        assert viewer.person.playback(video_id).status_code == 404
    finally:
        change.undone(scene, video_id)
    assert status(addresses["segment"]) == 403
    again = everything(viewer.person.edge, video_id)
    assert status(again["segment"]) == 200
