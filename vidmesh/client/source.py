"""The file that is sent, which may change under our hands."""

from __future__ import annotations

import asyncio
import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Self

from vidmesh.client.errors import ClientError
from vidmesh.client.parts import Span, find_index

_PIECE = 1 << 20


class SourceChangedError(ClientError):
    """The file is not the one that the upload began with."""


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """What tells a changed file without reading it."""

    size: int
    mtime_ns: int


class Source:
    """A file, opened once. Reading and hashing run in threads, off the event loop."""

    def __init__(self, path: Path, file: BinaryIO) -> None:
        self.path = path
        self._file = file
        self.fingerprint = self._now()

    @classmethod
    def open(cls, path: Path) -> Self:
        """Raises `ClientError` for what is no file, or an empty one; `OSError` where it cannot be read."""
        whole = path.resolve()
        if whole.exists() and not whole.is_file():
            raise ClientError(f"{path} is not a file.")
        file = whole.open("rb")
        source = cls(whole, file)
        if source.fingerprint.size == 0:
            file.close()
            raise ClientError(f"{path} is empty.")
        return source

    def close(self) -> None:
        self._file.close()

    def check(self) -> None:
        """Raises `SourceChangedError` once size or time of change are others than at the beginning."""
        # Another file under the same name is as much of a change as another content of this one.
        try:
            named = self.path.stat()
        except OSError:
            raise self._changed() from None
        if self._now() != self.fingerprint or Fingerprint(named.st_size, named.st_mtime_ns) != self.fingerprint:
            raise self._changed()

    async def read(self, span: Span) -> bytes:
        """A part's bytes. Raises `SourceChangedError` where the file has become shorter."""
        return await asyncio.to_thread(self._read, span)

    async def digest(self, span: Span) -> bytes:
        """SHA-256 of a part, 32 bytes."""
        return await asyncio.to_thread(self._digest, span)

    async def index(self) -> tuple[int, int] | None:
        """Where an MP4 keeps its index; see `parts.find_index`."""

        def find() -> tuple[int, int] | None:
            # A handle of its own: its position moves, and `read` takes none.
            with self.path.open("rb") as file:
                return find_index(file)

        return await asyncio.to_thread(find)

    def _now(self) -> Fingerprint:
        told = os.fstat(self._file.fileno())
        return Fingerprint(told.st_size, told.st_mtime_ns)

    def _read(self, span: Span) -> bytes:
        return b"".join(self._pieces(span))

    def _digest(self, span: Span) -> bytes:
        digest = hashlib.sha256()
        for piece in self._pieces(span):
            digest.update(piece)
        return digest.digest()

    def _pieces(self, span: Span) -> Iterator[bytes]:
        position = span.offset
        while position < span.end:
            # pread has no position to share, so that threads do not disturb each other.
            piece = os.pread(self._file.fileno(), min(_PIECE, span.end - position), position)
            if not piece:
                raise self._changed()
            yield piece
            position += len(piece)

    def _changed(self) -> SourceChangedError:
        return SourceChangedError(f"{self.path.name} changed while it was being uploaded.")
