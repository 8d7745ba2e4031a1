"""The invariants of test_chaos.py that the object store shows."""

from __future__ import annotations

import asyncio
import hashlib
import re
import time
from collections import Counter
from dataclasses import dataclass, field

from mesh.config import Settings
from mesh.objects import Objects, connect_objects

GENERATION = re.compile(r"v/[^/]+/m/((\d+)-[0-9a-f]+)/")
OWN = (".vidmesh/", "web/")
"""Objects of the stack itself."""


@dataclass(slots=True)
class Named:
    """What calls name in both buckets."""

    source: dict[str, str] = field(default_factory=dict)
    """Each part's key with its SHA-256."""
    media: set[str] = field(default_factory=set)
    """Keys of stills."""
    files: list[tuple[int, list[str]]] = field(default_factory=list)
    """Each VideoFile's size with the keys that its playlist names."""
    generations: dict[str, int] = field(default_factory=dict)
    """How many generations of manifests each video has."""


async def check_objects(settings: Settings, named: Named, give_up: float) -> None:
    """What is named is there with its bytes, and after a while nothing else."""
    async with connect_objects(settings.objects) as objects:
        await _check(objects, settings, named, give_up)


async def _check(objects: Objects, settings: Settings, named: Named, give_up: float) -> None:
    wanted = named.media | {key for _, keys in named.files for key in keys}
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
