"""Files as source and target of objects; nothing here runs on the event loop but the waiting."""

from __future__ import annotations

import asyncio
import hashlib
import secrets
from pathlib import Path
from types import TracebackType
from typing import Self


def sha256_of(data: bytes | Path) -> bytes:
    """The digest of bytes or of a file's content. Blocks: call it in a thread."""
    if isinstance(data, bytes):
        return hashlib.sha256(data).digest()
    with data.open("rb") as file:
        return hashlib.file_digest(file, "sha256").digest()


class Sink:
    """A file that appears under its name when it is whole, and not before; hashed on the way."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._partial = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
        self._digest = hashlib.sha256()
        self.size = 0
        """Bytes written so far."""

    async def __aenter__(self) -> Self:
        self._file = await asyncio.to_thread(self._partial.open, "xb")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()
        self._partial.unlink(missing_ok=True)

    async def write(self, chunk: bytes) -> None:
        """Append."""
        self.size += len(chunk)
        await asyncio.to_thread(self._write, chunk)

    async def keep(self) -> str:
        """Give the file its name, and its SHA-256 in hex to the caller."""
        await asyncio.to_thread(self._finish)
        return self._digest.hexdigest()

    def _write(self, chunk: bytes) -> None:
        self._file.write(chunk)
        self._digest.update(chunk)

    def _finish(self) -> None:
        self._file.close()
        self._partial.replace(self._path)
