"""What people do with a video once its upload is complete."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import httpx

from tests.e2e.chaos.calling import PASSING, Caller
from tests.e2e.chaos.told import UploadTold


@dataclass(frozen=True, slots=True)
class Terms:
    """The installation's settings that people must know to judge what they are told; seconds."""

    expire_after: float
    purge_deleted_after: float


def publish(caller: Caller, told: UploadTold, visibility: str) -> None:
    """Said until it is acknowledged."""
    caller.call("POST", f"/v1/videos/{told.video_id}:publish", {"visibility": f"VISIBILITY_{visibility}"})
    told.visibility = visibility


def retitle(caller: Caller, told: UploadTold, title: str) -> None:
    """An edit by etag: a repetition whose first try was counted after all is seen, and no late one undoes a newer."""
    while True:
        now = _video(caller, told)
        if now["title"] == title:
            break
        assert now["title"] == told.title, f"an acknowledged edit is lost: {now['title']!r} for {told.title!r}"
        if _edit(caller, told, title, now["etag"]):
            break
    told.title = title


def race(caller: Caller, told: UploadTold, *titles: str) -> None:
    """Two edits from one etag at once: at most one is acknowledged, and if one is, it is what the video says.

    Where neither is, either may have been counted all the same: its answer was lost, and its repetition, the edge's
    own included, found the etag changed. Nor need any have been: processing changes videos too.
    """
    before = _video(caller, told)

    def ask(title: str) -> bool:
        return _edit(caller, told, title, before["etag"])

    with ThreadPoolExecutor(len(titles)) as pool:
        acknowledged = list(pool.map(ask, titles))
    now = _video(caller, told)["title"]
    won = [title for title, counted in zip(titles, acknowledged, strict=True) if counted]
    assert len(won) <= 1, f"two edits of one etag were both acknowledged: {won}"
    assert now in (won or {told.title, *titles}), f"{now!r} for {won or titles}"
    told.title = now


def delete(caller: Caller, told: UploadTold, terms: Terms, pause: float) -> float:
    """Said until it is acknowledged; when it was said first."""
    time.sleep(pause)
    asked = time.monotonic()
    answer = caller.send("DELETE", f"/v1/videos/{told.video_id}")
    # A repetition may come after the purge.
    assert answer.is_success or _purged(answer, asked, terms), answer.text
    told.gone = True
    return asked


def undelete(caller: Caller, told: UploadTold, terms: Terms, asked: float, pause: float) -> None:
    """Said until it is acknowledged, or until the answer is that the video was purged in its time."""
    time.sleep(max(0, asked + pause - time.monotonic()))
    answer = caller.send("POST", f"/v1/videos/{told.video_id}:undelete", json={})
    assert answer.is_success or _purged(answer, asked, terms), answer.text
    told.gone = not answer.is_success


def _purged(answer: httpx.Response, asked: float, terms: Terms) -> bool:
    """Whether a video may be gone that was deleted at this moment or later."""
    return answer.status_code == 404 and time.monotonic() - asked >= terms.purge_deleted_after


def _video(caller: Caller, told: UploadTold) -> dict[str, Any]:
    return caller.call("GET", f"/v1/videos/{told.video_id}")["video"]


def _edit(caller: Caller, told: UploadTold, title: str, etag: str) -> bool:
    """One try; whether it was acknowledged. ABORTED is 409."""
    try:
        answer = caller.edge.patch(
            f"/v1/videos/{told.video_id}", params={"update_mask": "title"}, json={"title": title, "etag": etag}
        )
    except httpx.TransportError:
        return False
    assert answer.is_success or answer.status_code in PASSING, answer.text
    return answer.is_success
