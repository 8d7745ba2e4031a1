"""What uploads left in the object store: all that calls name, and nothing else."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Iterable
from urllib.parse import urljoin

from mesh.config import Settings, load_settings
from mesh.objects import Objects, connect_objects
from tests.e2e.boards import sheets
from tests.e2e.faults.journeys import Journey
from tests.e2e.stacks import Stack
from vidmesh.client.hls import parse_media

KEY = re.compile(r"/media/~[^/]+/(v/[^?]+)$")
GENERATION = re.compile(r"v/[^/]+/m/([^/]+)/")


def nothing_left_over(stack: Stack, journeys: Iterable[Journey], seconds: float) -> None:
    """Waits until both buckets hold of these uploads exactly what calls name of them."""
    asyncio.run(_nothing_left_over(stack, list(journeys), time.monotonic() + seconds))


async def _nothing_left_over(stack: Stack, journeys: list[Journey], give_up: float) -> None:
    settings = load_settings(stack.data / "run" / "config.toml")
    async with connect_objects(settings.objects) as objects:
        for journey in journeys:
            while found := await _wrong(objects, settings, journey):
                assert time.monotonic() < give_up, f"{journey.video_id}: {found}"
                await asyncio.sleep(1)


async def _wrong(objects: Objects, settings: Settings, journey: Journey) -> str:
    """What does not fit yet; empty when all does."""
    person = journey.person
    upload = person.get(f"/v1/uploads/{journey.upload_id}").raise_for_status().json()["upload"]
    parts = await _keys(objects, settings.objects.source_bucket, f"u/{journey.upload_id}/")
    if len(parts) != upload["part_count"]:
        return f"{len(parts)} parts are kept of {upload['part_count']}"
    playback = person.playback(journey.video_id).raise_for_status().json()["playback"]
    named = {_key(picture["url"]) for picture in playback.get("thumbnails", [])}
    listed = person.get(f"/v1/videos/{journey.video_id}/thumbnails").raise_for_status().json()
    named |= {_key(one["url"]) for one in listed.get("thumbnails", [])}
    if board := playback.get("storyboard_url"):
        text = person.edge.get(board).raise_for_status().text
        named |= {_key(url) for url in (board, *sheets(board, text))}
    named |= {_key(track["url"]) for track in playback["tracks"] if track.get("url")}
    for file in person.get(f"/v1/videos/{journey.video_id}/files").raise_for_status().json()["files"]:
        playlist = person.edge.get(file["url"]).raise_for_status()
        media = parse_media(playlist.text, urljoin(str(person.edge.base_url), file["url"]))
        named |= {_key(media.init_url), *(_key(segment.url) for segment in media.segments)}
    # Last: what comes meanwhile, such as a storyboard, is not named yet, and never the other way round.
    stored = await _keys(objects, settings.objects.media_bucket, f"v/{journey.video_id}/")
    generations = {found[1] for key in stored if (found := GENERATION.match(key))}
    if len(generations) != int(playback["manifest_generation"]):
        return f"generations {generations} are kept, {playback['manifest_generation']} were made"
    segments = {key for key in stored if not GENERATION.match(key)}
    assert not named - segments, f"lost: {sorted(named - segments)}"
    left = sorted(segments - named)
    return f"left over: {left}" if left else ""


def _key(url: str) -> str:
    found = KEY.search(url)
    assert found, url
    return found[1]


async def _keys(objects: Objects, bucket: str, prefix: str) -> list[str]:
    page = await objects.list(bucket, prefix)
    assert page.cursor is None
    return [one.key for one in page.objects]
