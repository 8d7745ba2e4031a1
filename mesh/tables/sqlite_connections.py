"""How SQLite is opened, and what its errors mean to callers of the tables layer."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path
from typing import Final
from urllib.parse import quote

from mesh.tables.errors import Unavailable

_STATEMENTS: Final = 512
_BUSY_SECONDS: Final = 5.0
_WAL_BYTES: Final = 64 * 1024 * 1024

_FATAL: Final = frozenset({sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})


def open_writer(path: Path) -> sqlite3.Connection:
    """The one connection that writes: WAL, every commit synced, no implicit transactions."""
    # Made here rather than by SQLite, so that nobody else on the machine can read it.
    os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
    connection = _connect(path, "rw")
    try:
        (mode,) = connection.execute("PRAGMA journal_mode = WAL").fetchone()
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute(f"PRAGMA journal_size_limit = {_WAL_BYTES}")
    except BaseException:
        connection.close()
        raise
    if mode != "wal":
        connection.close()
        raise Unavailable(f"{path} is on a file system without shared memory, which SQLite's WAL needs")
    return connection


def open_reader(path: Path) -> sqlite3.Connection:
    """A connection that cannot write. The file and its WAL must exist."""
    return _connect(path, "ro")


def unavailable(error: sqlite3.Error, doing: str) -> Unavailable:
    """The layer's error for one of SQLite's."""
    return Unavailable(f"SQLite failed while {doing}: {getattr(error, 'sqlite_errorname', 'error')}: {error}")


def is_fatal(error: sqlite3.Error) -> bool:
    """Whether nothing that this connection says afterwards can be trusted.

    After a failed fsync the kernel may drop the pages and report success the next time, so a failed write
    is never tried again on the same file handle.
    """
    # The low byte of an extended result code is its primary code.
    return (getattr(error, "sqlite_errorcode", 0) & 0xFF) in _FATAL


def _connect(path: Path, mode: str) -> sqlite3.Connection:
    return sqlite3.connect(
        f"file:{quote(str(path))}?mode={mode}",
        uri=True,
        isolation_level=None,
        check_same_thread=False,
        cached_statements=_STATEMENTS,
        timeout=_BUSY_SECONDS,
    )
