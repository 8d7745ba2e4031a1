"""A worker's folder for what it works on: empty when it begins, gone when it ends, even where it was killed."""

from __future__ import annotations

import asyncio
import fcntl
import os
import shutil
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

_LOCK: Final = ".lock"


class ScratchTakenError(Exception):
    """Another worker uses this name in the same space; the message is one sentence for a person."""


@asynccontextmanager
async def open_scratch(root: Path, name: str) -> AsyncGenerator[Path]:
    """The folder `name` in `root`, for the length of the block. Raises ScratchTakenError, OSError.

    What workers left there that were killed is removed too: each holds a lock as long as it lives.
    """
    folder = root / name
    lock = await asyncio.to_thread(_begin, root, name)
    try:
        yield folder
    finally:
        await asyncio.to_thread(_end, folder, lock)


def _begin(root: Path, name: str) -> int:
    root.mkdir(parents=True, exist_ok=True)
    lock = _locked(root / f"{name}{_LOCK}")
    if lock is None:
        raise ScratchTakenError(f"Another worker named {name} is at work in {root}: choose another name.")
    for other in root.glob(f"*{_LOCK}"):
        if other.stem != name and (left := _locked(other)) is not None:
            _end(root / other.stem, left)
    shutil.rmtree(root / name, ignore_errors=True)
    (root / name).mkdir(mode=0o700)
    return lock


def _end(folder: Path, lock: int) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    # Removed before it is unlocked: who waited for it sees that it is not the one in the folder any more.
    folder.with_name(folder.name + _LOCK).unlink(missing_ok=True)
    os.close(lock)


def _locked(path: Path) -> int | None:
    """A descriptor that holds the lock of this file; None where another process holds it."""
    while True:
        lock = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if path.exists() and path.stat().st_ino == os.fstat(lock).st_ino:
                return lock
        except BlockingIOError:
            os.close(lock)
            return None
        os.close(lock)
