"""All services' SQLite files as they were at one moment, while the services write.

For some milliseconds no service can begin to write: a lock is held on every file while a read of each is begun. The
copies are then made from these reads, however long that takes, beside writers that go on (WAL).
"""

from __future__ import annotations

import asyncio
import os
import sqlite3
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import ExitStack, asynccontextmanager, closing
from pathlib import Path
from typing import Final
from urllib.parse import quote

from mesh.local.errors import StackError

BUSY_SECONDS: Final = 10.0
"""How long one file's lock is waited for: services hold it for one group of writes."""

Copy = Callable[[Path], None]
"""Writes one file as it was at the cut, under a name. Blocks."""


@asynccontextmanager
async def cut(files: Sequence[Path], held: Callable[[], Awaitable[None]]) -> AsyncGenerator[dict[str, Copy]]:
    """One moment of all files: how to copy each, by its name, good for the length of the block.

    `held` is called, and waited for, while nobody can write; services give up waiting after five seconds, so it must
    be quick. Raises StackError where a file cannot be locked or read.
    """
    with ExitStack() as reads:
        try:
            with ExitStack() as locks:
                for file in files:
                    await asyncio.to_thread(_begin, locks, file, "rw", "BEGIN IMMEDIATE")
                await held()
                found = {file.name: await asyncio.to_thread(_reading, reads, file) for file in files}
        except sqlite3.Error as error:
            raise StackError(f"The tables cannot be copied now: {error}") from error
        yield {name: _copying(connection) for name, connection in found.items()}


def _begin(stack: ExitStack, file: Path, mode: str, begin: str) -> sqlite3.Connection:
    connection = sqlite3.connect(
        f"file:{quote(str(file))}?mode={mode}",
        uri=True,
        isolation_level=None,
        check_same_thread=False,
        timeout=BUSY_SECONDS,
    )
    # Closing ends the transaction too; nothing was written in it.
    stack.enter_context(closing(connection))
    connection.execute(begin)
    return connection


def _reading(stack: ExitStack, file: Path) -> sqlite3.Connection:
    connection = _begin(stack, file, "ro", "BEGIN")
    # A read begins with its first look.
    connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
    return connection


def _copying(source: sqlite3.Connection) -> Copy:
    def copy(path: Path) -> None:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
        with closing(sqlite3.connect(path)) as target:
            source.backup(target)
            # One file, without a log beside it.
            target.execute("PRAGMA journal_mode = DELETE")
            (sound,) = target.execute("PRAGMA quick_check(1)").fetchone()
        if sound != "ok":
            raise StackError(f"{path.name} is damaged: {sound}")

    return copy
