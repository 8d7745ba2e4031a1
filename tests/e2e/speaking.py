"""Captions of videos, as people add them and players are told of them."""

from __future__ import annotations

import base64
import time
from typing import Any

import httpx

from tests.e2e.people import Person

PATIENCE = 150
"""Seconds."""
LONG = 300
"""Seconds that processing may take beside other tests."""


def captions_of(person: Person, video_id: str, *labels: str) -> dict[str, Any]:
    """What a player is told, once it has these captions and no others."""
    give_up = time.monotonic() + PATIENCE
    while True:
        playback = person.playback(video_id).raise_for_status().json()["playback"]
        found = [track["label"] for track in playback["tracks"] if track["kind"] == "TRACK_KIND_CAPTIONS"]
        if found == list(labels):
            return playback
        assert time.monotonic() < give_up, f"{found} for {labels}"
        time.sleep(0.2)


def add(person: Person, video_id: str, language: str, text: str) -> httpx.Response:
    content = base64.b64encode(text.encode()).decode()
    return person.post(f"/v1/videos/{video_id}/captions", {"language": language, "content": content})
