"""`vidmesh restore`: a data folder that appears under its name when it is whole."""

from __future__ import annotations

import asyncio
import json
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from mesh.config import Settings, load_settings
from mesh.local import backup_bus, backup_manifest
from mesh.local.backup_manifest import Manifest
from mesh.local.backup_objects import Catalogue, put_back
from mesh.local.control import UpOptions, data_folder, start_detached, stop
from mesh.local.datadir import FORMAT as DATA_FORMAT
from mesh.local.datadir import DataDir
from mesh.local.errors import StackError
from mesh.objects import connect_objects

if TYPE_CHECKING:
    import argparse

STORES = ("bus", "objects", "volumes")
"""The parts that take objects and events; no service sees them before all is there."""


def run(args: argparse.Namespace) -> int:
    target = data_folder(args.data)
    if target.exists() and any(target.iterdir()):
        raise StackError(f"{target} is not empty: a back-up is restored into a new folder, named by --data")
    source: Path = args.source.absolute()
    manifest = backup_manifest.read(source)
    if manifest.data_format > DATA_FORMAT:
        raise StackError(
            f"The back-up's data is of format {manifest.data_format}, newer than the {DATA_FORMAT} that this vidmesh "
            "knows: use the vidmesh that made it, or a newer one"
        )
    number = restore(source, manifest, target)
    if args.json:
        told = {"data": str(target), "time": manifest.time, "objects": number}
        sys.stdout.write(json.dumps(told, indent=1) + "\n")
    else:
        sys.stdout.write(f"vidmesh: {target} is as of {manifest.time}, with {number} objects; `vidmesh up` starts it\n")
    return 0


def restore(source: Path, manifest: Manifest, target: Path) -> int:
    """Make the folder, and give the number of its objects. Cut off or failed, it leaves nothing under that name."""
    making = target.with_name(f"{target.name}.restoring")
    if making.exists():
        stop(making)
        shutil.rmtree(making)
    data = DataDir(making)
    data.prepare()
    kept = source / manifest.state
    for part in ("tables", "secrets"):
        for file in (kept / part).iterdir():
            shutil.copy(file, making / part / file.name)
            (making / part / file.name).chmod(0o600)
    start_detached(UpOptions(data=making, port=0, only=STORES))
    try:
        number = asyncio.run(_fill(load_settings(data.config_file), source, manifest))
    finally:
        stop(making)
    # The run's own files name the folder by its passing name.
    for part in ("run", "logs"):
        shutil.rmtree(making / part)
    if target.exists():
        target.rmdir()
    making.rename(target)
    return number


async def _fill(settings: Settings, source: Path, manifest: Manifest) -> int:
    chosen = {"source": settings.objects.source_bucket, "media": settings.objects.media_bucket}
    renamed = {name: chosen[what] for what, name in manifest.buckets.items()}
    with Catalogue(source) as catalogue:
        async with connect_objects(settings.objects) as objects:
            number = await put_back(objects, catalogue, renamed)
    async with backup_bus.connected(settings.bus) as client:
        for name, told in manifest.streams.items():
            await backup_bus.put_back(client, told, source / manifest.state / "streams" / name)
    return number
