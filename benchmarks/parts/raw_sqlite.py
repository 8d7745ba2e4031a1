"""The same store as `mesh.tables` gives, by hand on sqlite3: what somebody would write for this one table.

As durable (WAL, every commit synced), as concurrent (one writing thread that commits together what has gathered, four
reading threads), on and off the event loop in the same way, with the same rows as results. It has no declarations, no
checks of values, no lifetimes, no savepoints, no bound on what waits, and survives no failed write.
"""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any, Final, TypeAlias, TypeVar

T = TypeVar("T")
Parameters: TypeAlias = tuple[str | bytes | int | None, ...]
_Write: TypeAlias = tuple[str, Parameters, "asyncio.Future[int]"]

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
_COLUMNS: Final = "channel, created, id, title, description, state, public, published, version"
_CREATE: Final = """
CREATE TABLE videos(channel TEXT NOT NULL, created INTEGER NOT NULL, id TEXT NOT NULL, title TEXT, description TEXT,
  state INTEGER, public INTEGER, published INTEGER, version INTEGER,
  PRIMARY KEY(channel, created DESC, id)) STRICT, WITHOUT ROWID
"""
_PUT: Final = f"""
INSERT INTO videos({_COLUMNS}) VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT(channel, created, id) DO UPDATE SET
  title = excluded.title, description = excluded.description, state = excluded.state, public = excluded.public,
  published = excluded.published, version = excluded.version
"""
_GET: Final = f"SELECT {_COLUMNS} FROM videos WHERE channel = ? AND created = ? AND id = ?"
_UPDATE: Final = (
    "UPDATE videos SET state = ?, version = ? WHERE channel = ? AND created = ? AND id = ? AND version IS ?"
)
_SCAN: Final = f"SELECT {_COLUMNS} FROM videos WHERE channel = ? ORDER BY created DESC, id LIMIT ?"


class RawVideos:
    """One table of videos. Belongs to the event loop that opened it; `close` when done."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._loop = asyncio.get_running_loop()
        self._queue: SimpleQueue[_Write | None] = SimpleQueue()
        self._readers = ThreadPoolExecutor(4)
        self._own = threading.local()
        connection = self._connect()
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute(_CREATE)
        self._writer = threading.Thread(target=self._write, args=(connection,))
        self._writer.start()

    async def put(self, row: dict[str, Any]) -> None:
        """Writes a whole row."""
        published = row["published"]
        await self._submit(
            _PUT,
            (
                row["channel"],
                _micros(row["created"]),
                row["id"],
                row["title"],
                row["description"],
                row["state"],
                row["public"],
                None if published is None else _micros(published),
                row["version"],
            ),
        )

    async def get(self, channel: str, created: datetime, video: str) -> dict[str, Any] | None:
        """One row."""
        key = (channel, _micros(created), video)

        def read(connection: sqlite3.Connection) -> dict[str, Any] | None:
            found = connection.execute(_GET, key).fetchone()
            return None if found is None else _row(found)

        return await self._read(read)

    async def update(self, channel: str, created: datetime, video: str, *, state: int, version: int) -> bool:
        """Compare and set: True where `version` was the row's, which then has the next."""
        values = (state, version + 1, channel, _micros(created), video, version)
        return await self._submit(_UPDATE, values) == 1

    async def scan(self, channel: str, limit: int) -> list[dict[str, Any]]:
        """A channel's newest rows."""
        return await self._read(lambda connection: [_row(row) for row in connection.execute(_SCAN, (channel, limit))])

    async def close(self) -> None:
        """Ends the threads."""
        self._queue.put(None)
        await asyncio.to_thread(self._writer.join)
        await asyncio.to_thread(self._readers.shutdown)

    def _connect(self) -> sqlite3.Connection:
        return sqlite3.connect(self._path, isolation_level=None, check_same_thread=False)

    async def _read(self, read: Callable[[sqlite3.Connection], T]) -> T:
        def run() -> T:
            connection: sqlite3.Connection | None = getattr(self._own, "connection", None)
            if connection is None:
                connection = self._own.connection = self._connect()
            return read(connection)

        return await self._loop.run_in_executor(self._readers, run)

    async def _submit(self, statement: str, values: Parameters) -> int:
        done: asyncio.Future[int] = self._loop.create_future()
        self._queue.put((statement, values, done))
        return await done

    def _write(self, connection: sqlite3.Connection) -> None:
        write = self._queue.get()
        while write is not None:
            batch = [write]
            write = None
            try:
                while (write := self._queue.get_nowait()) is not None:
                    batch.append(write)
                self._queue.put(None)
            except Empty:
                pass
            connection.execute("BEGIN IMMEDIATE")
            counts = [connection.execute(statement, values).rowcount for statement, values, _ in batch]
            connection.execute("COMMIT")
            self._loop.call_soon_threadsafe(_settle, batch, counts)
            write = self._queue.get()
        connection.close()


def _settle(batch: list[_Write], counts: list[int]) -> None:
    for (_, _, done), count in zip(batch, counts, strict=True):
        if not done.done():
            done.set_result(count)


def _micros(time: datetime) -> int:
    return (time - _EPOCH) // _MICROSECOND


def _row(cells: tuple[Any, ...]) -> dict[str, Any]:
    channel, created, video, title, description, state, public, published, version = cells
    return {
        "channel": channel,
        "created": _EPOCH + timedelta(microseconds=created),
        "id": video,
        "title": title,
        "description": description,
        "state": state,
        "public": bool(public),
        "published": None if published is None else _EPOCH + timedelta(microseconds=published),
        "version": version,
    }
