"""Frames on disk: each with its length and a digest that covers everything up to its end."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Final, Self

from google.protobuf.message import DecodeError

from mesh.transfer.errors import DumpDamaged, DumpUnfinished
from vidmesh.transfer.v1 import dump_pb2

_FIRST: Final = bytes(32)
_HEAD: Final = 4 + 32
_MOST_BYTES: Final = 1 << 30
"""Of one frame: a length beyond it was never written."""


def read_frames(path: Path) -> Iterator[tuple[dump_pb2.Frame, int, bytes]]:
    """Each whole frame, with the offset of its end and the digest up to there.

    Raises DumpUnfinished behind the last whole frame where the file ends within one or without a trailer, and
    DumpDamaged for a frame that was changed. One frame is in memory at a time. Blocks: call it in a thread.
    """
    digest, offset, ended = _FIRST, 0, False
    with path.open("rb") as file:
        while head := file.read(_HEAD):
            size = int.from_bytes(head[:4], "big")
            if size > _MOST_BYTES or ended:
                raise DumpDamaged(f"{path} is no dump, or was changed, at byte {offset}")
            payload = file.read(size)
            if len(head) < _HEAD or len(payload) < size:
                raise DumpUnfinished(f"{path} ends within a block: run the export again, it goes on from there")
            digest = hashlib.sha256(digest + payload).digest()
            if digest != head[4:]:
                raise DumpDamaged(f"{path} was changed, at byte {offset}")
            try:
                frame = dump_pb2.Frame.FromString(payload)
            except DecodeError as error:
                raise DumpDamaged(f"{path} is no dump, at byte {offset}") from error
            offset += _HEAD + size
            ended = frame.HasField("trailer")
            yield frame, offset, digest
    if not ended:
        raise DumpUnfinished(f"{path} has no end: run the export again, it goes on from there")


class FrameWriter:
    """Appends frames. `sync` puts on disk what was written."""

    def __init__(self, path: Path, offset: int = 0, digest: bytes = _FIRST) -> None:
        """Goes on at `offset`, which `digest` covers; what is behind it is cut off."""
        self._path = path
        self._offset = offset
        self._digest = digest

    def __enter__(self) -> Self:
        # Rows hold password hashes and addresses.
        descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        self._file: BinaryIO = os.fdopen(descriptor, "r+b")
        self._file.truncate(self._offset)
        self._file.seek(self._offset)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    def write(self, frame: dump_pb2.Frame) -> None:
        """Append one frame."""
        payload = frame.SerializeToString(deterministic=True)
        self._digest = hashlib.sha256(self._digest + payload).digest()
        self._file.write(len(payload).to_bytes(4, "big") + self._digest + payload)

    def sync(self) -> None:
        """Return when all of it is on disk."""
        self._file.flush()
        os.fsync(self._file.fileno())
