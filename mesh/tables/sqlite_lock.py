"""One process for one file: an advisory lock on a file beside it, which the kernel drops with the process."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

from mesh.tables.errors import AlreadyOpen


class FileLock:
    """A held lock. It is not on the database file itself, where closing any descriptor drops SQLite's own."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor: int | None = descriptor

    @classmethod
    def take(cls, path: Path) -> FileLock:
        """Lock `path` for this process, or raise AlreadyOpen, naming the process that holds it."""
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.read(descriptor, 32).decode(errors="replace").strip()
            os.close(descriptor)
            raise AlreadyOpen(f"{path} is held by process {holder or 'unknown'}: one file, one process") from None
        except BaseException:
            os.close(descriptor)
            raise
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
        return cls(descriptor)

    def release(self) -> None:
        """Let go. The file stays: removing it would let two processes lock two files of one name."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None
