"""A build of the web app: a folder with `index.html` and what it loads."""

from __future__ import annotations

import gzip
import hashlib
import mimetypes
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from mesh.local.errors import StackError
from mesh.pages import ASSETS, FILE, INDEX

CHECKOUT: Final = Path(__file__).parents[3] / "web" / "dist"
"""Where `make web` leaves it; there in a checkout only."""

KINDS: Final = {
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".json": "application/json",
    ".svg": "image/svg+xml",
    ".woff2": "font/woff2",
    ".webmanifest": "application/manifest+json",
    ".txt": "text/plain; charset=utf-8",
}
"""What browsers insist on; the machine's own table may say something else."""


@dataclass(frozen=True, slots=True)
class File:
    """One file of a build."""

    name: str
    """Its path in the build, such as "assets/main-3f2a.js"."""
    data: bytes

    @property
    def kind(self) -> str:
        """Its content type."""
        suffix = Path(self.name).suffix.lower()
        return KINDS.get(suffix) or mimetypes.types_map.get(suffix, "application/octet-stream")

    @property
    def gzipped(self) -> bytes:
        """The same bytes for the same content, whenever it is made."""
        return gzip.compress(self.data, compresslevel=9, mtime=0)


@dataclass(frozen=True, slots=True)
class Build:
    """All files, in the order in which they are published: nothing before what it names."""

    files: tuple[File, ...]

    @property
    def digest(self) -> str:
        """SHA-256 of all of it, in hex."""
        whole = hashlib.sha256()
        for file in self.files:
            whole.update(f"{file.name}\0{len(file.data)}\0".encode())
            whole.update(file.data)
        return whole.hexdigest()


def read_build(folder: Path) -> Build:
    """Raises `StackError` where the folder holds no build, or a file that edges would not serve."""
    if not (folder / INDEX).is_file():
        raise StackError(f"{folder} holds no built pages (no {INDEX}): `make web` builds them into web/dist")
    files = tuple(File(path.relative_to(folder).as_posix(), path.read_bytes()) for path in _served(folder))
    for file in files:
        if not FILE.fullmatch(file.name):
            raise StackError(f"{folder / file.name} cannot be served: files lie at the top or in {ASSETS}")
    return Build(tuple(sorted(files, key=_turn)))


def _served(folder: Path) -> Iterator[Path]:
    # What begins with a dot (Vite's manifest) is the build's own.
    for path in sorted(folder.rglob("*")):
        hidden = any(part.startswith(".") for part in path.relative_to(folder).parts)
        if path.is_file() and not hidden:
            yield path


def _turn(file: File) -> tuple[int, str]:
    if file.name == INDEX:
        return 2, file.name
    return (0 if file.name.startswith(ASSETS) else 1), file.name
