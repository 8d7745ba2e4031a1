"""Uploads in every state, and the two people of whom one has nothing to do with them."""

from __future__ import annotations

import hashlib
import random
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import httpx

from tests.e2e.people import Person
from tests.e2e.uploading import begin, send, send_part

LARGE: Final = 20 << 20
"""Bytes of a file that has several parts."""
SMALL: Final = random.Random(20).randbytes(1000)
"""What the small files hold: no video."""


@dataclass(frozen=True, slots=True)
class State:
    """Ids of uploads, all of `owner`'s but for none of `stranger`'s."""

    owner: Person
    stranger: Person
    active: str
    """Under way: several parts, of which the first is confirmed."""
    first: bytes
    """The content of its first part."""
    sizes: tuple[int, ...]
    """Of its parts."""
    whole: str
    """Every part is confirmed; not completed."""
    completed: str
    aborted: str

    def headers(self, person: Person | None) -> dict[str, str]:
        """Of a call by them; None is nobody."""
        return {} if person is None else {"authorization": str(person.edge.headers["authorization"])}


def digest(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


def make_state(owner: Person, stranger: Person, folder: Path) -> State:
    """Makes them all."""
    small, large = folder / "small.mp4", folder / "large.mp4"
    small.write_bytes(SMALL)
    with large.open("wb") as file:
        file.truncate(LARGE)
    active = begin(owner, large)["upload"]
    sizes = tuple(int(run["size_bytes"]) for run in active["layout"] for _ in range(run["count"]))
    first = bytes(sizes[0])
    send_part(owner, active["upload_id"], 1, first)
    ids: dict[str, str] = {}
    for name in ("whole", "completed", "aborted"):
        upload = begin(owner, small, name)["upload"]
        send(owner, small, upload)
        ids[name] = upload["upload_id"]
    owner.post(f"/v1/uploads/{ids['completed']}:complete", {}).raise_for_status()
    owner.post(f"/v1/uploads/{ids['aborted']}:abort", {}).raise_for_status()
    return State(owner, stranger, active["upload_id"], first, sizes, **ids)


def confirmed(state: State) -> list[int]:
    """Numbers of the confirmed parts of the upload that is under way."""
    listed = state.owner.get(f"/v1/uploads/{state.active}/parts").raise_for_status().json()["parts"]
    return [part["number"] for part in listed]


def put(edge_url: str, signed: dict[str, object], content: bytes) -> httpx.Response:
    """The PUT of a part as its ticket says."""
    return httpx.put(f"{edge_url}{signed['url']}", content=content, headers=signed["headers"], timeout=20)  # pyright: ignore[reportArgumentType]
