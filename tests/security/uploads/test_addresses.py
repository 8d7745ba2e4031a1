"""Signed addresses of parts: what was changed about one, or is past its time, stores nothing and breaks nothing."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from http.client import HTTPConnection
from typing import Any, Final
from urllib.parse import urlsplit

import pytest

from mesh.config import load_settings
from mesh.objects.connecting import connect_objects
from tests.e2e.stacks import Stack
from tests.security.stored import sizes
from tests.security.uploads.state import State, digest

pytestmark = [pytest.mark.stack, pytest.mark.timeout(120), pytest.mark.usefixtures("nobody_died")]

REFUSALS: Final = frozenset({400, 403, 404, 405, 411, 412, 413, 501})
"""413: it is no address of a part, and anything else may bring as much as a call."""
NUMBER: Final = 2
"""Of the part that all of it is about."""


@dataclass(frozen=True, slots=True)
class Put:
    """A request, to be sent to the letter."""

    path: str
    """With the query."""
    headers: Mapping[str, str]
    body: bytes
    verb: str = "PUT"


Change = Callable[[Put], Put]


def sent(stack: Stack, put: Put) -> int:
    """The status. Nothing is put in order on the way, as a friendly client would."""
    connection = HTTPConnection(urlsplit(stack.edge_url).netloc, timeout=20)
    try:
        connection.putrequest(put.verb, put.path, skip_accept_encoding=True)
        for name, value in put.headers.items():
            if name.lower() != "content-length":
                connection.putheader(name, value)
        connection.putheader("content-length", str(len(put.body)))
        with contextlib.suppress(ConnectionError):  # refused before the end of the body: the answer is there
            connection.endheaders(put.body)
        return connection.getresponse().status
    finally:
        connection.close()


@pytest.fixture(scope="module")
def part(state: State) -> bytes:
    return b"\x02" * state.sizes[NUMBER - 1]


@pytest.fixture
def good(state: State, part: bytes) -> Put:
    """The PUT of the second part of the upload that is under way, as it should be."""
    named = {"number": NUMBER, "size_bytes": str(len(part)), "sha256": base64.b64encode(digest(part)).decode()}
    answer = state.owner.post(f"/v1/uploads/{state.active}/parts:sign", {"parts": [named]})
    ticket: dict[str, Any] = answer.raise_for_status().json()["parts"][0]
    return Put(ticket["url"], ticket["headers"], part)


def query(name: str, value: str) -> Change:
    """One value of the query becomes another."""
    return lambda put: replace(put, path=re.sub(rf"({name}=)[^&]*", rf"\g<1>{value}", put.path))


def path(change: Callable[[str, str], str]) -> Change:
    """The path, of bucket and key, becomes another."""

    def changed(put: Put) -> Put:
        there, signature = put.path.split("?", 1)
        bucket, key = there[1:].split("/", 1)
        return replace(put, path=f"{change(bucket, key)}?{signature}")

    return changed


def verb(name: str) -> Change:
    return lambda put: replace(put, verb=name, body=b"")


def header(name: str, value: str) -> Change:
    return lambda put: replace(put, headers={**put.headers, name: value})


def cut(put: Put) -> Put:
    return replace(put, body=put.body[:-1])


def longer(put: Put) -> Put:
    return replace(put, body=put.body + b"\0")


def swapped(put: Put) -> Put:
    return replace(put, body=b"\3" + put.body[1:])


def without_headers(put: Put) -> Put:
    return replace(put, headers={})


def rehashed(put: Put) -> Put:
    """Other bytes, and the header that says so: it was signed."""
    other = swapped(put)
    said = {name: value for name, value in put.headers.items() if name.lower() != "x-amz-checksum-sha256"}
    return replace(other, headers={**said, "x-amz-checksum-sha256": base64.b64encode(digest(other.body)).decode()})


CHANGES: Final[Mapping[str, Change]] = {
    "another signature": query("X-Amz-Signature", "0" * 64),
    "half a signature": query("X-Amz-Signature", "abc"),
    "no signature": lambda put: replace(put, path=put.path.split("?")[0]),
    "a longer life": query("X-Amz-Expires", "604800"),
    "another date": query("X-Amz-Date", "20990101T000000Z"),
    "a date that is none": query("X-Amz-Date", "yesterday"),
    "fewer signed headers": query("X-Amz-SignedHeaders", "host"),
    "another key's name": query("X-Amz-Credential", "somebody%2F20260101%2Fus-east-1%2Fs3%2Faws4_request"),
    "another algorithm": query("X-Amz-Algorithm", "none"),
    "the query twice": lambda put: replace(put, path=f"{put.path}&{put.path.split('?')[1]}"),
    "another key": path(lambda bucket, key: f"/{bucket}/{key[:-1]}{'0' if key[-1] != '0' else '1'}"),
    "another part's number": path(lambda bucket, key: f"/{bucket}/{key.replace(f'/{NUMBER}-', '/3-')}"),
    "another bucket": path(lambda bucket, key: f"/vidmesh-media/{key}"),
    "a bucket that is not there": path(lambda bucket, key: f"/{bucket}x/{key}"),
    "the bucket alone": path(lambda bucket, key: f"/{bucket}"),
    "something below the key": path(lambda bucket, key: f"/{bucket}/{key}/more"),
    "up": path(lambda bucket, key: f"/{bucket}/../vidmesh-media/{key}"),
    "up, escaped": path(lambda bucket, key: f"/{bucket}/%2e%2e/vidmesh-media/{key}"),
    "up, with an escaped slash": path(lambda bucket, key: f"/{bucket}/..%2fvidmesh-media/{key}"),
    "up, escaped twice": path(lambda bucket, key: f"/{bucket}/%252e%252e/vidmesh-media/{key}"),
    "up, with a parameter": path(lambda bucket, key: f"/{bucket}/..;/vidmesh-media/{key}"),
    "up, with a backslash": path(lambda bucket, key: f"/{bucket}/..\\vidmesh-media/{key}"),
    "up, escaped as a backslash": path(lambda bucket, key: f"/{bucket}/..%5cvidmesh-media/{key}"),
    "up, in the middle": path(lambda bucket, key: f"/{bucket}/{key.replace('/', '/x/../../v/', 1)}"),
    "up, in too many bytes": path(lambda bucket, key: f"/{bucket}/%c0%ae%c0%ae/vidmesh-media/{key}"),
    "a zero": path(lambda bucket, key: f"/{bucket}/{key}%00"),
    "a line's end": path(lambda bucket, key: f"/{bucket}/{key}%0d%0ax-amz-acl:%20public-read"),
    "reading": verb("GET"),
    "asking": verb("HEAD"),
    "deleting": verb("DELETE"),
    "posting": verb("POST"),
    "patching": verb("PATCH"),
    "copying another object": header("x-amz-copy-source", "/vidmesh-media/v/a"),
    "fewer bytes": cut,
    "more bytes": longer,
    "other bytes": swapped,
    "other bytes under their own digest": rehashed,
    "no headers": without_headers,
    "another condition": header("if-none-match", '"never"'),
}


@pytest.mark.parametrize("name", CHANGES)
def test_an_address_that_was_changed_stores_nothing(plain_stack: Stack, state: State, good: Put, name: str) -> None:
    changed = CHANGES[name](good)
    assert changed != good
    assert sent(plain_stack, changed) in REFUSALS
    assert stored(plain_stack, state) == 1


def test_an_address_whose_time_is_over_stores_nothing(plain_stack: Stack, state: State, part: bytes) -> None:
    late = asyncio.run(expiring(plain_stack, state, part))
    time.sleep(2.1)
    assert sent(plain_stack, late) == 403
    assert stored(plain_stack, state) == 1


def test_an_address_of_somebody_elses_upload_is_given_to_nobody_else(state: State, good: Put) -> None:
    assert f"/u/{state.active}/" in good.path
    named = {"number": 1, "size_bytes": "1", "sha256": base64.b64encode(digest(b"a")).decode()}
    answer = state.stranger.post(f"/v1/uploads/{state.active}/parts:sign", {"parts": [named]})
    assert (answer.status_code, answer.json()["details"][0]["reason"]) == (404, "UPLOAD_NOT_FOUND")


def test_after_all_that_the_address_takes_its_part_once(plain_stack: Stack, state: State, good: Put) -> None:
    assert sent(plain_stack, good) == 200
    assert sent(plain_stack, good) == 412
    assert stored(plain_stack, state) == 2


async def expiring(stack: Stack, state: State, part: bytes) -> Put:
    """The same PUT, by the installation's own key, for one second."""
    settings = load_settings(stack.data / "run/config.toml").objects
    async with connect_objects(settings) as objects:
        key = f"u/{state.active}/{NUMBER}-{digest(part).hex()}"
        signed = objects.presign_put(
            settings.source_bucket, key, size=len(part), sha256=digest(part).hex(), lifetime=timedelta(seconds=1)
        )
    return Put(signed.url, signed.headers, part)


def stored(stack: Stack, state: State) -> int:
    """How many objects the upload has in the store."""
    return len(sizes(stack, f"u/{state.active}/"))
