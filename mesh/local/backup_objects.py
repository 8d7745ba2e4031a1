"""Objects of a back-up: one file each, and a catalogue that says what each file must be.

Objects never change, so what the catalogue has is never copied again.
"""

from __future__ import annotations

import asyncio
import hashlib
import re
import sqlite3
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self
from urllib.parse import quote

from mesh.local.errors import StackError
from mesh.objects.client import Objects
from mesh.objects.errors import ObjectMissing
from mesh.objects.files import sha256_of
from mesh.objects.model import ObjectInfo

AT_ONCE: Final = 8
_NAMED_BY_CONTENT: Final = re.compile(r"-([0-9a-f]{64})$")
_MD5: Final = re.compile(r"[0-9a-f]{32}")
_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS objects(
    bucket TEXT, key TEXT, size INTEGER NOT NULL, sha256 TEXT NOT NULL, etag TEXT NOT NULL,
    content_type TEXT NOT NULL, cache_control TEXT NOT NULL, seen TEXT NOT NULL, PRIMARY KEY(bucket, key)
) STRICT, WITHOUT ROWID
"""


@dataclass(frozen=True, slots=True)
class Kept:
    """One object of the catalogue."""

    bucket: str
    key: str
    size: int
    sha256: str
    etag: str
    content_type: str
    cache_control: str


class Catalogue:
    """What a back-up's `objects` folder holds; `run` names the back-up that saw an object last."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder / "objects"
        self._folder.mkdir(mode=0o700, exist_ok=True)
        self._connection = sqlite3.connect(folder / "objects.db", isolation_level=None, check_same_thread=False)
        self._connection.execute("PRAGMA synchronous = FULL")
        self._connection.execute(_SCHEMA)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def file(self, bucket: str, key: str) -> Path:
        """Where an object is kept. Raises StackError for a key that is no path below the folder."""
        if any(part in {"", ".", ".."} for part in key.split("/")):
            raise StackError(f"The object {key!r} of {bucket} cannot be kept as a file")
        return self._folder / quote(bucket, safe="") / quote(key, safe="/-_.~")

    def has(self, bucket: str, found: ObjectInfo, run: str) -> bool:
        """Whether this very object was copied; it is noted as seen."""
        done = self._connection.execute(
            "UPDATE objects SET seen = ? WHERE bucket = ? AND key = ? AND size = ? AND etag = ?",
            (run, bucket, found.key, found.size, found.etag),
        )
        return done.rowcount == 1

    def add(self, kept: Kept, run: str) -> None:
        """Note an object whose file is there."""
        self._connection.execute(
            "INSERT OR REPLACE INTO objects VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (kept.bucket, kept.key, kept.size, kept.sha256, kept.etag, kept.content_type, kept.cache_control, run),
        )

    def all(self) -> Iterator[Kept]:
        """Every object."""
        columns = "bucket, key, size, sha256, etag, content_type, cache_control"
        for row in self._connection.execute(f"SELECT {columns} FROM objects"):  # noqa: S608 (no value in it)
            yield Kept(*row)

    def counts(self) -> tuple[int, int]:
        """Objects, and their bytes."""
        number, size = self._connection.execute("SELECT count(*), coalesce(sum(size), 0) FROM objects").fetchone()
        return number, size

    def drop_unseen(self, run: str) -> None:
        """Forget what is in the store no more."""
        gone = self._connection.execute("SELECT bucket, key FROM objects WHERE seen != ?", (run,)).fetchall()
        for bucket, key in gone:
            self._connection.execute("DELETE FROM objects WHERE bucket = ? AND key = ?", (bucket, key))
            self.file(bucket, key).unlink(missing_ok=True)


async def copy_new(objects: Objects, bucket: str, catalogue: Catalogue, run: str) -> int:
    """Copy every object of a bucket that the catalogue has not; their number.

    Each is compared with the digest in its key, or with the store's own. Raises StackError for one that differs.
    """
    copied, cursor = 0, None
    turns = asyncio.Semaphore(AT_ONCE)

    async def one(found: ObjectInfo) -> None:
        async with turns:
            await _copy(objects, bucket, found, catalogue, run)

    while True:
        page = await objects.list(bucket, "", cursor=cursor)
        new = [found for found in page.objects if not catalogue.has(bucket, found, run)]
        await asyncio.gather(*(one(found) for found in new))
        copied += len(new)
        if (cursor := page.cursor) is None:
            return copied


async def put_back(objects: Objects, catalogue: Catalogue, buckets: Mapping[str, str]) -> int:
    """Store every object of the catalogue in the bucket that is its own now; their number.

    Raises StackError for a file that is not as it was.
    """
    number = 0
    found = catalogue.all()
    while some := [kept for kept in (next(found, None) for _ in range(AT_ONCE)) if kept is not None]:
        await asyncio.gather(*(_put_back(objects, catalogue, kept, buckets[kept.bucket]) for kept in some))
        number += len(some)
    return number


async def _copy(objects: Objects, bucket: str, found: ObjectInfo, catalogue: Catalogue, run: str) -> None:
    file = catalogue.file(bucket, found.key)
    await asyncio.to_thread(file.parent.mkdir, mode=0o700, parents=True, exist_ok=True)
    try:
        sha256 = await objects.get_to(bucket, found.key, file)
        info = await objects.head(bucket, found.key)
    except ObjectMissing:
        # Deleted since it was listed.
        return
    named = _NAMED_BY_CONTENT.search(found.key)
    if named and named[1] != sha256:
        raise StackError(f"The object {found.key} of {bucket} is damaged: its name says what it should hold")
    if _MD5.fullmatch(found.etag) and await asyncio.to_thread(_md5, file) != found.etag:
        raise StackError(f"The object {found.key} of {bucket} is damaged: the store knows it by another digest")
    kind, control = (info.content_type, info.cache_control) if info else ("", "")
    catalogue.add(Kept(bucket, found.key, found.size, sha256, found.etag, kind, control), run)


async def _put_back(objects: Objects, catalogue: Catalogue, kept: Kept, bucket: str) -> None:
    file = catalogue.file(kept.bucket, kept.key)
    if not file.exists() or (await asyncio.to_thread(sha256_of, file)).hex() != kept.sha256:
        raise StackError(f"The back-up is damaged: {file} is not as it was copied")
    await objects.put(
        bucket,
        kept.key,
        file,
        content_type=kept.content_type or "application/octet-stream",
        cache_control=kept.cache_control,
    )


def _md5(file: Path) -> str:
    with file.open("rb") as content:
        return hashlib.file_digest(content, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()
