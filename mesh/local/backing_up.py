"""`vidmesh backup`.

The order is what makes it whole:

1. objects that are there now: most of the bytes, and everything that is deleted while the rest is copied;
2. how far each consumer of events has come;
3. the cut: all tables at one moment, and the number of each stream's newest event in that moment;
4. the streams: every event up to the cut that a consumer had not settled before it is there, and comes again;
5. objects once more: what came between 1 and 3.

An object that the tables name at the cut is therefore missed only if it was made after 1 and deleted before 5. Objects
are deleted when a video is purged (long after it was deleted), when an upload is swept (an hour after its end), or when
newer outputs have taken their place: in all three cases they are there long before.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mesh.cli import version
from mesh.config import Settings, load_settings
from mesh.local import backup_bus, backup_manifest
from mesh.local.backup_manifest import Manifest
from mesh.local.backup_objects import Catalogue, copy_new
from mesh.local.backup_tables import cut
from mesh.local.control import data_folder
from mesh.local.datadir import FORMAT as DATA_FORMAT
from mesh.local.datadir import DataDir
from mesh.local.errors import StackError
from mesh.local.state import running_state
from mesh.objects import connect_objects
from vidmesh.client.files import sync

if TYPE_CHECKING:
    import argparse

MAY_BE_THERE = ("manifest.json", "objects", "objects.db", "objects.db-journal")


def run(args: argparse.Namespace) -> int:
    data = DataDir(data_folder(args.data))
    if (state := running_state(data)) is None or state.state != "ready":
        raise StackError(f"No stack is ready on {data.root}: start it by `vidmesh up --data {data.root}`")
    settings = load_settings(data.config_file)
    if not settings.tables.url.startswith("sqlite:"):
        raise StackError("The tables are not on this machine: use the back-up of their cluster, or `vidmesh export`")
    folder: Path = args.to.absolute()
    _prepare(folder)
    manifest = asyncio.run(back_up(data, settings, folder))
    if args.json:
        told: dict[str, object] = {"folder": str(folder), "time": manifest.time, "objects": manifest.objects}
        sys.stdout.write(json.dumps(told | {"object_bytes": manifest.object_bytes}, indent=1) + "\n")
    else:
        sys.stdout.write(f"vidmesh: backed up as of {manifest.time}: {manifest.objects} objects in {folder}\n")
    return 0


async def back_up(data: DataDir, settings: Settings, folder: Path) -> Manifest:
    """Copy everything, and make it the folder's back-up, which an earlier one is until then."""
    now = datetime.now(UTC)
    name = f"state-{now:%Y%m%dT%H%M%S.%fZ}"
    kept = folder / name
    for part in ("tables", "streams"):
        (kept / part).mkdir(mode=0o700, parents=True)
    buckets = {"source": settings.objects.source_bucket, "media": settings.objects.media_bucket}
    with Catalogue(folder) as catalogue:
        async with connect_objects(settings.objects) as objects, backup_bus.connected(settings.bus) as client:
            for bucket in buckets.values():
                await copy_new(objects, bucket, catalogue, name)
            streams, moment = await _copy_state(data, client, kept)
            for bucket in buckets.values():
                await copy_new(objects, bucket, catalogue, name)
        await asyncio.to_thread(shutil.copytree, data.secrets, kept / "secrets")
        await asyncio.to_thread(_sync, kept)
        await asyncio.to_thread(_sync, folder / "objects")
        number, size = catalogue.counts()
        manifest = Manifest(
            format=backup_manifest.FORMAT,
            vidmesh=version(),
            data_format=DATA_FORMAT,
            time=moment.isoformat(),
            state=name,
            files=await asyncio.to_thread(backup_manifest.digests, kept),
            streams=streams,
            buckets=buckets,
            objects=number,
            object_bytes=size,
        )
        backup_manifest.write(folder, manifest)
        # What is in the store no more is needed by no back-up but the one that this replaced.
        catalogue.drop_unseen(name)
    await asyncio.to_thread(_forget_older, folder, kept)
    return manifest


def _forget_older(folder: Path, kept: Path) -> None:
    for old in folder.glob("state-*"):
        if old != kept:
            shutil.rmtree(old)


async def _copy_state(
    data: DataDir, client: backup_bus.Client, kept: Path
) -> tuple[dict[str, dict[str, Any]], datetime]:
    streams = await backup_bus.streams(client)
    for name, stream in streams.items():
        stream["consumers"] = await backup_bus.consumers(client, name)
    moments: list[datetime] = []

    async def held() -> None:
        async with asyncio.timeout(3):
            for name, stream in streams.items():
                stream["last_seq"] = await backup_bus.last_sequence(client, name)
        moments.append(datetime.now(UTC))

    async with cut(sorted((data.root / "tables").glob("*.db")), held) as copies:
        for name, copy in copies.items():
            await asyncio.to_thread(copy, kept / "tables" / name)
    told: dict[str, dict[str, Any]] = {}
    for name, stream in streams.items():
        saved = await backup_bus.save(client, name, kept / "streams" / name)
        told[name] = saved | {"consumers": stream["consumers"], "last_seq": stream["last_seq"]}
    return told, moments[0]


def _prepare(folder: Path) -> None:
    """Raises StackError for a folder that holds other things."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    strange = [
        entry.name for entry in folder.iterdir() if entry.name not in MAY_BE_THERE and "state-" not in entry.name
    ]
    if strange:
        raise StackError(f"{folder} holds other files: name an empty folder, or that of an earlier back-up")
    os.chmod(folder, 0o700)  # noqa: PTH101 (it holds every secret)


def _sync(folder: Path) -> None:
    for path in [folder, *folder.rglob("*")]:
        sync(path)
