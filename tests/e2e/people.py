"""People who use a stack in tests, through the edge alone."""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from tests.e2e.stacks import Stack

CLIP = Path(__file__).resolve().parents[1] / "media/bigbuckbunny.mp4"
CLIP_FRAMES = 132
"""Pictures in the clip, as a linear decode counts them."""
PASSWORD = "correct horse battery"


@dataclass(frozen=True, slots=True)
class Person:
    """A signed-in account with its channel, calling by JSON."""

    edge: httpx.Client
    channel_id: str
    handle: str

    def get(self, path: str, **query: str) -> httpx.Response:
        return self.edge.get(path, params=query)

    def post(self, path: str, body: dict[str, Any]) -> httpx.Response:
        return self.edge.post(path, json=body)

    def publish(self, video_id: str, visibility: str) -> None:
        self.post(f"/v1/videos/{video_id}:publish", {"visibility": f"VISIBILITY_{visibility}"}).raise_for_status()

    def playback(self, video_id: str) -> httpx.Response:
        return self.get(f"/v1/videos/{video_id}/playback")


def somebody(stack: Stack) -> Person:
    """A new account."""
    handle = f"u{uuid.uuid4().hex[:12]}"
    edge = httpx.Client(base_url=stack.edge_url, timeout=20)
    body = {"email": f"{handle}@example.org", "password": PASSWORD, "handle": handle}
    made = edge.post("/v1/accounts:signUp", json=body)
    made.raise_for_status()
    edge.headers["authorization"] = f"Bearer {made.json()['tokens']['access_token']}"
    return Person(edge, made.json()["channel"]["channel_id"], handle)


def signed_in(stack: Stack, person: Person) -> Person:
    """The same person by password, on a stack that knows them."""
    edge = httpx.Client(base_url=stack.edge_url, timeout=20)
    body = {"email": f"{person.handle}@example.org", "password": PASSWORD}
    tokens = edge.post("/v1/sessions", json=body).raise_for_status().json()["tokens"]
    edge.headers["authorization"] = f"Bearer {tokens['access_token']}"
    return Person(edge, person.channel_id, person.handle)


def nobody(stack: Stack) -> httpx.Client:
    """Somebody who is not signed in."""
    return httpx.Client(base_url=stack.edge_url, timeout=20)


def sign_up_by_command(stack: Stack) -> str:
    """Signs the stack's command line in; the handle. On a stack where somebody is signed in already, as another."""
    handle = f"u{uuid.uuid4().hex[:12]}"
    done = stack.vidmesh("signup", "--email", f"{handle}@example.org", "--password", PASSWORD, "--handle", handle)
    assert done.returncode == 0, done.stderr
    return handle


def upload_by_command(stack: Stack, *words: str, file: Path = CLIP, wait: str = "complete") -> dict[str, Any]:
    """Uploads by the command line, and gives the object that it prints."""
    done = stack.vidmesh("upload", str(file), "--title", "Bunny", "--wait", wait, "--json", *words, timeout=150)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)
