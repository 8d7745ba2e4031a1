"""The same store as `mesh.tables` gives, by hand on sqlite3: what somebody would write for this one table.

As durable (WAL, every commit synced), as concurrent (one writing thread that commits together what has gathered, four
reading threads), on and off the event loop in the same way (a queue to the threads, one wake-up back for all that has
gathered), with the same rows as results. It has no declarations, no checks of values, no lifetimes, no savepoints, no
tokens, no bound on what waits, and survives no failed read or write.
"""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections import deque
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any, Final, TypeAlias, TypeVar

T = TypeVar("T")
Parameters: TypeAlias = tuple[str | bytes | int | None, ...]
_Write: TypeAlias = tuple[str, Parameters, "asyncio.Future[int]"]
_Read: TypeAlias = tuple[Callable[[sqlite3.Connection], Any], "asyncio.Future[Any]"]

READERS: Final = 4

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
        self._reads: SimpleQueue[_Read | None] = SimpleQueue()
        self._found: deque[tuple[asyncio.Future[Any], Any]] = deque()
        self._woken = False
        connection = self._connect()
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute(_CREATE)
        self._writer = threading.Thread(target=self._write, args=(connection,))
        self._writer.start()
        self._readers = [threading.Thread(target=self._answer) for _ in range(READERS)]
        for reader in self._readers:
            reader.start()

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
        for _ in self._readers:
            self._reads.put(None)
        for reader in self._readers:
            await asyncio.to_thread(reader.join)

    def _connect(self) -> sqlite3.Connection:
        return sqlite3.connect(self._path, isolation_level=None, check_same_thread=False)

    def _read(self, read: Callable[[sqlite3.Connection], T]) -> asyncio.Future[T]:
        done: asyncio.Future[T] = self._loop.create_future()
        self._reads.put((read, done))
        return done

    def _answer(self) -> None:
        connection = self._connect()
        while (asked := self._reads.get()) is not None:
            read, done = asked
            self._found.append((done, read(connection)))
            if not self._woken:
                self._woken = True
                self._loop.call_soon_threadsafe(self._tell)
        connection.close()

    def _tell(self) -> None:
        self._woken = False
        while self._found:
            done, result = self._found.popleft()
            if not done.done():
                done.set_result(result)

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
