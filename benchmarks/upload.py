"""The Python client through the edge against straight PUTs of the same parts to the object store."""

from __future__ import annotations

import asyncio
import hashlib
import os
import tempfile
import uuid
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Final

import httpx

from benchmarks.harness.measuring import Side, interleave
from benchmarks.harness.model import Benchmark, Effort, Row, at_least, at_most
from benchmarks.parts.stack import Stack, a_stack
from mesh.objects import Objects, connect_objects
from svc_upload.uploads.layout import layout_of
from vidmesh.client import Client
from vidmesh.client.journal import Journal
from vidmesh.client.uploader import Uploader
from vidmesh.upload.v1.video_pb2 import Video

AT_ONCE: Final = 4
"""Parts that both sides send at once; the client's number when it begins."""
LIFETIME: Final = timedelta(minutes=10)
GIGABYTE: Final = 1e9
PASSWORD: Final = "correct horse battery"


async def _run(effort: Effort) -> Sequence[Row]:
    size = effort.pick(256_000_000, 64_000_000)
    async with a_stack() as stack:
        with tempfile.TemporaryDirectory(prefix="vidmesh-bench-") as folder:
            file = Path(folder) / "random.bin"
            await asyncio.to_thread(_write_random, file, size)
            async with connect_objects(stack.settings.objects) as objects, _signed_up(stack) as (client, channel_id):
                sides = {
                    "client": _client_side(client, channel_id, file, Path(folder)),
                    "straight": _straight_side(stack, objects, file),
                }
                found = await interleave(sides, effort.rounds, pids=stack.services)
    ours, straight = found["client"], found["straight"]
    return [
        Row("speed of the client through the edge", 1 / ours.wall_ratio(straight), "× straight PUTs", at_least(0.95)),
        Row("the client through the edge", ours.rate / 1e6, "MB/s"),
        Row("straight PUTs to the store", straight.rate / 1e6, "MB/s"),
        Row("Python services", ours.others_per * GIGABYTE, "CPU-s per GB", at_most(2)),
        Row("Python services while nobody calls them", straight.others_per * GIGABYTE, "CPU-s per GB"),
        Row("the client", ours.cpu_per * GIGABYTE, "CPU-s per GB"),
        Row("the sender of straight PUTs", straight.cpu_per * GIGABYTE, "CPU-s per GB"),
    ]


def _write_random(file: Path, size: int) -> None:
    with file.open("wb") as out:
        for offset in range(0, size, 1_000_000):
            out.write(os.urandom(min(1_000_000, size - offset)))


@asynccontextmanager
async def _signed_up(stack: Stack) -> AsyncGenerator[tuple[Client, str]]:
    async with Client(stack.edge_url) as client:
        handle = f"b{uuid.uuid4().hex[:12]}"
        made = await client.sign_up(f"{handle}@example.org", PASSWORD, handle)
        yield client, made.channel.channel_id


def _client_side(client: Client, channel_id: str, file: Path, folder: Path) -> Side:
    """All that `vidmesh upload` does until the upload is complete."""

    size = file.stat().st_size

    async def side() -> float:
        uploader = Uploader(client, Journal(folder / "journal", "benchmark"))
        await uploader.upload(file, channel_id, Video(title="Random bytes"))
        return float(size)

    return side


def _straight_side(stack: Stack, objects: Objects, file: Path) -> Side:
    """The same parts with the same checks by the store: hashed, signed here, and sent past everything of ours."""
    endpoint, bucket = stack.settings.objects.endpoint, stack.settings.objects.source_bucket
    total = file.stat().st_size
    spans = _spans(total)

    async def side() -> float:
        prefix = f"benchmark/{uuid.uuid4().hex}/"
        left = iter(spans)
        async with httpx.AsyncClient(base_url=endpoint, timeout=60, trust_env=False) as http:

            async def send() -> None:
                for offset, size in left:
                    data, digest = await asyncio.to_thread(_part, file, offset, size)
                    key = f"{prefix}{offset}"
                    put = objects.presign_put(bucket, key, size=size, sha256=digest, lifetime=LIFETIME)
                    (await http.put(put.url, content=data, headers=put.headers)).raise_for_status()

            await asyncio.gather(*(send() for _ in range(AT_ONCE)))
        return float(total)

    return side


def _spans(size: int) -> list[tuple[int, int]]:
    """Offset and size of each part, as svc_upload lays them out."""
    spans: list[tuple[int, int]] = []
    offset = 0
    for run in layout_of(size).runs:
        for _ in range(run.count):
            spans.append((offset, run.size))
            offset += run.size
    return spans


def _part(file: Path, offset: int, size: int) -> tuple[bytes, str]:
    with file.open("rb") as source:
        data = os.pread(source.fileno(), size, offset)
    return data, hashlib.sha256(data).hexdigest()


BENCHMARK: Final = Benchmark("the client through the edge against straight PUTs to the object store", _run)
