"""The cut of several files while they are written to, the objects' catalogue, and the manifest."""

from __future__ import annotations

import asyncio
import hashlib
import json
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from mesh.local import backup_manifest
from mesh.local.backup_objects import Catalogue, Kept
from mesh.local.backup_tables import cut
from mesh.local.errors import StackError
from mesh.objects.model import ObjectInfo
from mesh.tables import Schema, Table, integer, open_tables, text

COUNTS = Table("counts", columns=(text("name"), integer("value")), partition_key=("name",))
SCHEMA = Schema("counted", version=1, tables=(COUNTS,))


async def test_copies_of_all_files_are_of_one_moment_while_services_write(tmp_path: Path) -> None:
    """Invariant: the writer changes `first` before `second`, so at any one moment first is second, or one more."""
    files = [tmp_path / "first.db", tmp_path / "second.db"]
    async with (
        open_tables(f"sqlite://{files[0]}", SCHEMA) as first,
        open_tables(f"sqlite://{files[1]}", SCHEMA) as second,
    ):
        finished = asyncio.Event()

        async def write() -> int:
            value = 0
            while not finished.is_set():
                value += 1
                for tables in (first, second):
                    await tables.put(COUNTS, {"name": "n", "value": value})
            return value

        writer = asyncio.create_task(write())

        async def held() -> None:
            await asyncio.sleep(0.05)

        one = 0
        for number in range(3):
            await asyncio.sleep(0.05)
            async with cut(files, held) as copies:
                await asyncio.sleep(0.1)
                for name, copy in copies.items():
                    await asyncio.to_thread(copy, tmp_path / f"{number}-{name}")
            one, other = (_value(tmp_path / f"{number}-{file.name}") for file in files)
            assert one - other in {0, 1}
        finished.set()
        assert await writer > one


def _value(file: Path) -> int:
    with closing(sqlite3.connect(file)) as connection:
        return connection.execute("SELECT value FROM counts").fetchone()[0]


def test_the_catalogue_knows_what_it_has_and_drops_what_was_not_seen(tmp_path: Path) -> None:
    info = ObjectInfo("v/1/s/a.m4s", 3, "etag", datetime.now(UTC))
    with Catalogue(tmp_path) as catalogue:
        for key in (info.key, "v/1/s/old.m4s"):
            catalogue.file("media", key).parent.mkdir(parents=True, exist_ok=True)
            catalogue.file("media", key).write_bytes(b"abc")
            catalogue.add(Kept("media", key, 3, hashlib.sha256(b"abc").hexdigest(), "etag", "video/mp4", ""), "first")
        assert catalogue.has("media", info, "second")
        assert not catalogue.has("media", ObjectInfo(info.key, 3, "another", info.modified), "second")
        catalogue.drop_unseen("second")
        assert [kept.key for kept in catalogue.all()] == [info.key]
        assert not catalogue.file("media", "v/1/s/old.m4s").exists()


@pytest.mark.parametrize("key", ["../x", "a/../../x", "/x", "a//b", "a/."])
def test_no_object_leaves_the_folder_of_the_back_up(tmp_path: Path, key: str) -> None:
    with Catalogue(tmp_path) as catalogue, pytest.raises(StackError):
        catalogue.file("media", key)


def manifest_in(folder: Path) -> backup_manifest.Manifest:
    (folder / "state-1").mkdir()
    (folder / "state-1/a").write_text("a", encoding="utf-8")
    manifest = backup_manifest.Manifest(
        format=1, vidmesh="1", data_format=1, time="t", state="state-1", objects=0, object_bytes=0,
        files=backup_manifest.digests(folder / "state-1"), streams={}, buckets={},
    )  # fmt: skip
    backup_manifest.write(folder, manifest)
    return manifest


def test_a_manifest_is_read_as_it_was_written(tmp_path: Path) -> None:
    assert manifest_in(tmp_path) == backup_manifest.read(tmp_path)


def test_a_changed_file_a_newer_format_and_an_unfinished_back_up_are_refused(tmp_path: Path) -> None:
    with pytest.raises(StackError, match="no finished back-up"):
        backup_manifest.read(tmp_path)
    manifest_in(tmp_path)
    told = json.loads((tmp_path / "manifest.json").read_text(encoding="utf-8"))
    (tmp_path / "manifest.json").write_text(json.dumps(told | {"format": 2}), encoding="utf-8")
    with pytest.raises(StackError, match="newer"):
        backup_manifest.read(tmp_path)
    (tmp_path / "manifest.json").write_text(json.dumps(told), encoding="utf-8")
    (tmp_path / "state-1/a").write_text("b", encoding="utf-8")
    with pytest.raises(StackError, match="damaged"):
        backup_manifest.read(tmp_path)
