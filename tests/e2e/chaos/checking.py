"""The invariants of test_chaos.py, looked at from outside: by calls through the edge, and by S3."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import re
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urljoin

from mesh.config import Settings, load_settings
from mesh.objects import Objects, connect_objects
from tests.e2e.chaos.calling import Caller
from tests.e2e.chaos.programme import PASSWORD, Account, UploadTold
from tests.e2e.stacks import Stack
from vidmesh.client.hls import parse_media

KEY = re.compile(r"/media/~[^/]+/(v/[^?]+)$")
GENERATION = re.compile(r"v/[^/]+/m/((\d+)-[0-9a-f]+)/")
OWN = ".vidmesh/"
"""Objects of the stack itself."""


@dataclass(slots=True)
class Named:
    """What calls name in both buckets."""

    source: dict[str, str]
    """Each part's key with its SHA-256."""
    media: dict[str, int]
    """Keys of segments and stills; sizes are only known of whole renditions, so these are those of VideoFiles below."""
    files: list[tuple[int, list[str]]]
    """Each VideoFile's size with the keys that its playlist names."""
    generations: dict[str, int]
    """How many generations of manifests each video has."""


async def check(stack: Stack, accounts: list[Account], settle: float, say: Callable[[str], None]) -> None:
    """Waits until nothing moves any more, for `settle` seconds at most, and asserts."""
    give_up = time.monotonic() + settle
    for account in accounts:
        await asyncio.to_thread(_signs_in, stack, account)
    named = Named({}, {}, [], {})
    for account in accounts:
        with Caller.at(stack.edge_url, account.token) as caller:
            await asyncio.to_thread(_channel, caller, account)
            for told in account.uploads:
                await asyncio.to_thread(_upload, caller, told, named)
                if told.ended == "completed":
                    await asyncio.to_thread(_video, caller, told, named, give_up)
    say("every acknowledged thing is there")
    settings = load_settings(stack.data / "run" / "config.toml")
    async with connect_objects(settings.objects) as objects:
        await _objects(objects, settings, named, give_up)


def _signs_in(stack: Stack, account: Account) -> None:
    with Caller.at(stack.edge_url) as caller:
        made = caller.call("POST", "/v1/sessions", {"email": account.email, "password": PASSWORD})
    with Caller.at(stack.edge_url, made["tokens"]["access_token"]) as caller:
        channels = caller.call("GET", "/v1/accounts/me/channels")
    assert [one["channel_id"] for one in channels["channels"]] == [account.channel_id], account.handle


def _channel(caller: Caller, account: Account) -> None:
    listed: list[str] = []
    token = ""
    while True:
        page = caller.call("GET", f"/v1/channels/{account.channel_id}/videos", page_size="50", page_token=token)
        listed += [video["video_id"] for video in page.get("videos", [])]
        token = page.get("next_page_token", "")
        if not token:
            break
    wanted = sorted(told.video_id for told in account.uploads if told.ended == "completed")
    assert sorted(listed) == wanted, f"{account.handle} lists {sorted(listed)} for {wanted}"


def _upload(caller: Caller, told: UploadTold, named: Named) -> None:
    path = f"/v1/uploads/{told.upload_id}"
    upload = caller.call("GET", path)["upload"]
    assert upload["state"] == f"UPLOAD_STATE_{told.ended.upper()}", upload
    if told.ended == "aborted":
        gone = caller.send("GET", f"/v1/videos/{told.video_id}")
        assert gone.status_code == 404, gone.text
        return
    parts = caller.call("GET", f"{path}/parts", page_size="1000")["parts"]
    numbers = [part["number"] for part in parts]
    assert numbers == list(range(1, upload["part_count"] + 1)), upload
    assert told.confirmed <= set(numbers)
    for part in parts:
        digest = base64.b64decode(part["sha256"]).hex()
        named.source[f"u/{told.upload_id}/{part['number']}-{digest}"] = digest


def _video(caller: Caller, told: UploadTold, named: Named, give_up: float) -> None:
    wanted = "FAILED" if told.file.name == "c.mp4" else "PROCESSED"
    processing, video = _settled(caller, told.video_id, give_up)
    assert processing["state"] == video["processing_state"] == f"PROCESSING_STATE_{wanted}", (processing, video)
    assert (video["title"], video["visibility"]) == (told.title, f"VISIBILITY_{told.visibility}")
    generations = named.generations[told.video_id] = int(processing.get("manifest_generation", 0))
    if wanted == "FAILED":
        assert processing["failure_reason"] == "FAILURE_REASON_NOT_A_VIDEO", processing
        assert generations == 0
        return
    assert generations > 0
    assert [one["state"] for one in processing["renditions"]] == ["RENDITION_STATE_PUBLISHED"] * 2, processing
    files = caller.call("GET", f"/v1/videos/{told.video_id}/files")["files"]
    qualities = [file["quality"] for file in files]
    assert qualities == [one["quality"] for one in processing["renditions"]]
    assert len({file["file_id"] for file in files}) == len(set(qualities)) == 2, files
    for file in files:
        playlist = parse_media(_text(caller, file["url"]), urljoin(str(caller.edge.base_url), file["url"]))
        keys = [_key(playlist.init_url), *(_key(segment.url) for segment in playlist.segments)]
        named.files.append((int(file["size_bytes"]), keys))
    playback = caller.call("GET", f"/v1/videos/{told.video_id}/playback")["playback"]
    assert int(playback["manifest_generation"]) == generations
    assert playback["thumbnails"], "no still"
    for picture in playback["thumbnails"]:
        named.media[_key(picture["url"])] = 0


def _settled(caller: Caller, video_id: str, give_up: float) -> tuple[dict[str, Any], dict[str, Any]]:
    """What both services say of a video once they say that it ended, and its stills are there."""
    while True:
        answer = caller.send("GET", f"/v1/videos/{video_id}/processing")
        processing = answer.json().get("processing", {"state": ""})
        video = caller.call("GET", f"/v1/videos/{video_id}")["video"]
        states = {processing["state"], video["processing_state"]}
        if states == {"PROCESSING_STATE_FAILED"}:
            return processing, video
        if states == {"PROCESSING_STATE_PROCESSED"} and video.get("thumbnail", {}).get("url"):
            return processing, video
        assert time.monotonic() < give_up, f"stuck: {processing}, {video}"
        time.sleep(0.3)


def _text(caller: Caller, url: str) -> str:
    return caller.send("GET", url).raise_for_status().text


def _key(url: str) -> str:
    found = KEY.search(url)
    assert found, url
    return found[1]


async def _objects(objects: Objects, settings: Settings, named: Named, give_up: float) -> None:
    wanted = set(named.media) | {key for _, keys in named.files for key in keys}
    while True:
        source = await _listed(objects, settings.objects.source_bucket)
        media = await _listed(objects, settings.objects.media_bucket)
        folders = {found[1]: (key.split("/")[1], int(found[2])) for key in media if (found := GENERATION.match(key))}
        segments = {key for key in media if not GENERATION.match(key)}
        generations = Counter(folders.values())
        due = Counter((video, number) for video, last in named.generations.items() for number in range(1, last + 1))
        lost = (set(named.source) - set(source)) | (wanted - segments)
        assert not lost, f"lost: {sorted(lost)}"
        assert not due - generations, f"generations lost: {due - generations}"
        left = {
            "source": sorted(set(source) - set(named.source)),
            "media": sorted(segments - wanted),
            "generations": sorted(generations - due),
        }
        if not any(left.values()):
            break
        assert time.monotonic() < give_up, f"left over: {left}"
        await asyncio.sleep(1)
    for size, keys in named.files:
        assert sum(media[key] for key in keys) == size, keys
    for key, digest in named.source.items():
        data = await objects.get(settings.objects.source_bucket, key)
        assert hashlib.sha256(data).hexdigest() == digest, key


async def _listed(objects: Objects, bucket: str) -> dict[str, int]:
    """Every object with its size."""
    found: dict[str, int] = {}
    cursor: str | None = None
    while True:
        page = await objects.list(bucket, "", cursor=cursor)
        found |= {one.key: one.size for one in page.objects if not one.key.startswith(OWN)}
        cursor = page.cursor
        if cursor is None:
            return found
