"""A file that is uploaded twice is encoded once, and each of the two videos lives without the other."""

from __future__ import annotations

import asyncio
import hashlib
import json
from contextlib import closing

import httpx

from mesh.config import load_settings
from mesh.objects import connect_objects
from tests.e2e.patience import eventually
from tests.e2e.people import Person, sign_up_by_command, upload_by_command
from tests.e2e.playing import plays
from tests.e2e.stacks import Stack, StartStack

QUICK = "\n[upload]\npurge_deleted_after = 1\n"
ENCODED = 3
"""Jobs of the clip that read its file: pictures, sound, stills."""


def reused(stack: Stack) -> int:
    """Jobs that copied what was there."""
    done = stack.vidmesh("jobs", "queue", "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)["statistics"].get("reused", 0)


def test_the_second_upload_of_a_file_encodes_nothing_and_outlives_the_first(start_stack: StartStack) -> None:
    stack = start_stack(configuration=QUICK)
    sign_up_by_command(stack)
    first = upload_by_command(stack, "--visibility", "public")["video_id"]
    assert reused(stack) == 0
    second = upload_by_command(stack, "--visibility", "public")["video_id"]
    eventually(lambda: reused(stack) == ENCODED)
    assert asyncio.run(checksums(stack, first)) == asyncio.run(checksums(stack, second)), "byte for byte"

    done = stack.vidmesh("videos", "delete", first)
    assert done.returncode == 0, done.stderr
    eventually(lambda: not asyncio.run(checksums(stack, first)))
    with closing(httpx.Client(base_url=stack.edge_url, timeout=20)) as edge:
        assert plays(Person(edge, "", ""), second) > 0


async def checksums(stack: Stack, video_id: str) -> list[str]:
    """Of every segment of a video, whatever its name."""
    settings = load_settings(stack.data / "run" / "config.toml")
    async with connect_objects(settings.objects) as objects:
        bucket = settings.objects.media_bucket
        page = await objects.list(bucket, f"v/{video_id}/s/")
        contents = [await objects.get(bucket, found.key) for found in page.objects]
    return sorted(hashlib.sha256(content).hexdigest() for content in contents)
