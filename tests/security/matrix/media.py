"""Addresses of media, of every kind, and other tokens in the place of their grant."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from urllib.parse import urljoin

import httpx

from mesh.grants import GrantScope, GrantSigner
from mesh.keyring import KeyRing
from tests.security.matrix.scene import Scene

TOKEN = re.compile(r"/~([^/]+)/")


def status(url: str) -> int:
    """Of a GET."""
    return httpx.get(url, timeout=20).status_code


def with_token(url: str, token: str) -> str:
    """The same address by another grant."""
    return TOKEN.sub(f"/~{token}/", url)


def without_token(url: str) -> str:
    """The same address by no grant."""
    return TOKEN.sub("/", url)


def token_of(url: str) -> str:
    """The grant in an address."""
    found = TOKEN.search(url)
    assert found, url
    return found[1]


def everything(client: httpx.Client, video_id: str) -> dict[str, str]:
    """An address of each kind of object that somebody is given for a video."""
    answer = client.get(f"/v1/videos/{video_id}/playback").raise_for_status().json()["playback"]
    master = answer["hls_url"]
    playlist = next(_named(master))
    named = list(_named(playlist))
    parts = re.findall(r'#EXT-X-MAP:URI="([^"]+)"', _text(playlist))
    return {
        "multivariant playlist": master,
        "DASH manifest": answer["dash_url"],
        "media playlist": playlist,
        "initialisation segment": urljoin(playlist, parts[0]),
        "segment": named[0],
        "picture": answer["thumbnails"][0]["url"],
    }


def picture_grant(scene: Scene, client: httpx.Client, video_id: str) -> str:
    """The grant in the address of the picture that lists show."""
    video = client.get(f"/v1/videos/{video_id}").raise_for_status().json()["video"]
    return token_of(urljoin(scene.stack.edge_url, video["thumbnail"]["url"]))


def signed(ring: Path, video_id: str, expires: datetime, scope: GrantScope = GrantScope.EVERYTHING) -> str:
    """A grant for the first epoch of a video by the keys in this file."""
    return GrantSigner(KeyRing.load_or_create(ring)).mint(video_id, 1, expires, scope)


def _named(playlist: str) -> Iterator[str]:
    for line in _text(playlist).splitlines():
        if line and not line.startswith("#"):
            yield urljoin(playlist, line)


def _text(url: str) -> str:
    return httpx.get(url, timeout=20).raise_for_status().text
