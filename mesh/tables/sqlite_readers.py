"""A few threads that read, each on a read-only connection of its own.

What they have read goes back to the event loop with one wake-up for all that gathers until the loop comes to it.
"""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from queue import SimpleQueue
from typing import Any, Final, TypeAlias, TypeVar

from mesh.tables.errors import Closed, Overloaded
from mesh.tables.sqlite_connections import open_reader, unavailable

T = TypeVar("T")

_THREADS: Final = 4
_MOST_WAITING: Final = 10_000
_RETRY_AFTER: Final = timedelta(seconds=1)

_Run: TypeAlias = Callable[[sqlite3.Connection], Any]
_Read: TypeAlias = tuple[_Run, bool, "asyncio.Future[Any]"]
_Answer: TypeAlias = tuple["asyncio.Future[Any]", Any, BaseException | None]


class Readers:
    """Runs functions that read. Each sees one snapshot, no older than the call. Belongs to the running loop."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._loop = asyncio.get_running_loop()
        self._queue: SimpleQueue[_Read | None] = SimpleQueue()
        self._answers: deque[_Answer] = deque()
        self._woken = False
        self._waiting = 0
        self._closed = False
        self._threads = [
            threading.Thread(target=self._work, name=f"tables-reader-{number}", daemon=True)
            for number in range(_THREADS)
        ]
        for thread in self._threads:
            thread.start()

    def submit(self, run: Callable[[sqlite3.Connection], T], *, single: bool = False) -> asyncio.Future[T]:
        """Run `run` inside one read transaction. Raises Overloaded, Closed; its result may be Unavailable.

        `single` promises that `run` executes one statement, which is a transaction by itself and cheaper.
        """
        if self._closed:
            raise Closed("the tables are closed")
        if self._waiting >= _MOST_WAITING:
            raise Overloaded(f"{self._waiting} calls are waiting for the tables", _RETRY_AFTER)
        done: asyncio.Future[T] = self._loop.create_future()
        self._waiting += 1
        self._queue.put((run, single, done))
        return done

    async def close(self) -> None:
        """Finish the reads that were accepted, then close the connections."""
        if not self._closed:
            self._closed = True
            for _ in self._threads:
                self._queue.put(None)
        for thread in self._threads:
            await asyncio.to_thread(thread.join)

    def _work(self) -> None:
        connection: sqlite3.Connection | None = None
        while (read := self._queue.get()) is not None:
            run, single, done = read
            result, error = None, None
            if not done.cancelled():
                try:
                    connection = connection or open_reader(self._path)
                    result = run(connection) if single else _transact(connection, run)
                except Exception as raised:
                    error = unavailable(raised, "reading") if isinstance(raised, sqlite3.Error) else raised
                    if connection is not None:
                        connection.close()
                        connection = None
            self._answer((done, result, error))
        if connection is not None:
            connection.close()

    def _answer(self, answer: _Answer) -> None:
        self._answers.append(answer)
        if not self._woken:
            self._woken = True
            # A loop that is gone has no callers left to tell.
            with suppress(RuntimeError):
                self._loop.call_soon_threadsafe(self._settle)

    def _settle(self) -> None:
        # Before the answers are taken: whatever comes after the last of them wakes the loop again.
        self._woken = False
        while self._answers:
            done, result, error = self._answers.popleft()
            self._waiting -= 1
            if done.done():
                continue
            if error is None:
                done.set_result(result)
            else:
                done.set_exception(error)


def _transact(connection: sqlite3.Connection, run: Callable[[sqlite3.Connection], T]) -> T:
    connection.execute("BEGIN")
    result = run(connection)
    connection.execute("COMMIT")
    return result
