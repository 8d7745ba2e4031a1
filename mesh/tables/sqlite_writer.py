"""The one thread that writes: it commits together whatever has gathered while the last commit was synced.

A write that fails leaves the others alone: one of several statements runs in a savepoint of its own, and a
single statement SQLite undoes by itself. A caller hears only after the commit that holds its write, and one
that goes away changes nothing for the thread.
"""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import Any, Final, TypeAlias, TypeVar

from mesh.tables.backpressure import Gate
from mesh.tables.errors import Closed, Unavailable
from mesh.tables.sqlite_connections import is_fatal, unavailable

T = TypeVar("T")

_MOST_WRITES: Final = 512
_MOST_BYTES: Final = 8 * 1024 * 1024
_WAITING_BYTES: Final = 64 * 1024 * 1024
_WRITE_BYTES: Final = 2048
"""What a write costs besides its payload, in the bounds above."""


@dataclass(frozen=True, slots=True, eq=False)
class _Write:
    run: Callable[[sqlite3.Connection], Any]
    done: asyncio.Future[Any]
    durable: bool
    single: bool
    size: int


@dataclass(frozen=True, slots=True)
class _Failed:
    error: Exception


_Outcome: TypeAlias = tuple[_Write, Any]


class Writer:
    """Runs functions on the writing connection, in the order they were handed in."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._loop = asyncio.get_running_loop()
        self._queue: SimpleQueue[_Write | None] = SimpleQueue()
        self._gate = Gate(_WAITING_BYTES)
        self._closed = False
        self._broken: Unavailable | None = None
        self._synced = True
        self._thread = threading.Thread(target=self._work, name="tables-writer", daemon=True)
        self._thread.start()

    async def submit(
        self, run: Callable[[sqlite3.Connection], T], *, size: int = 0, durable: bool = True, single: bool = False
    ) -> T:
        """Run `run` inside the next transaction and give its result once that is committed.

        `size` is about the bytes it holds. An exception of `run` undoes what it did and comes out here. `single`
        promises that `run` executes at most one statement, which is cheaper.
        """
        size = await self._gate.enter(_WRITE_BYTES + size)
        if self._closed:
            self._gate.leave(size)
            raise Closed("the tables are closed")
        done: asyncio.Future[T] = self._loop.create_future()
        self._queue.put(_Write(run, done, durable, single, size))
        return await done

    async def close(self) -> None:
        """Finish what was accepted, then close the connection."""
        if not self._closed:
            self._closed = True
            self._queue.put(None)
        await asyncio.to_thread(self._thread.join)

    def _work(self) -> None:
        going = True
        while going:
            batch, going = self._gather()
            if batch:
                outcomes = self._transact(batch)
                # A loop that is gone has no callers left to tell.
                with suppress(RuntimeError):
                    self._loop.call_soon_threadsafe(self._settle, outcomes)
        self._connection.close()

    def _gather(self) -> tuple[list[_Write], bool]:
        write = self._queue.get()
        batch: list[_Write] = []
        size = 0
        while write is not None:
            batch.append(write)
            size += write.size
            if len(batch) >= _MOST_WRITES or size >= _MOST_BYTES:
                return batch, True
            try:
                write = self._queue.get_nowait()
            except Empty:
                return batch, True
        return batch, False

    def _transact(self, batch: list[_Write]) -> list[_Outcome]:
        if self._broken is not None:
            return [(write, _Failed(self._broken)) for write in batch]
        try:
            self._sync(any(write.durable for write in batch))
            self._connection.execute("BEGIN IMMEDIATE")
            outcomes: list[_Outcome] = [(write, self._run(write)) for write in batch]
            self._connection.execute("COMMIT")
        except Exception as error:
            failure = Unavailable(f"the transaction was given up: {error!r}")
            if isinstance(error, sqlite3.Error):
                failure = unavailable(error, "committing")
                self._broken = failure if is_fatal(error) else None
            if self._connection.in_transaction:
                with suppress(sqlite3.Error):
                    self._connection.execute("ROLLBACK")
            return [(write, _Failed(failure)) for write in batch]
        return outcomes

    def _sync(self, synced: bool) -> None:
        # A batch without durable writes is not synced by itself; the next synced commit, or a checkpoint,
        # syncs the whole log in order.
        if synced != self._synced:
            self._connection.execute(f"PRAGMA synchronous = {'FULL' if synced else 'NORMAL'}")
            self._synced = synced

    def _run(self, write: _Write) -> Any:
        if write.done.cancelled():
            return None
        if not write.single:
            self._connection.execute("SAVEPOINT one")
        try:
            result = write.run(self._connection)
        except Exception as error:
            if not self._connection.in_transaction or (isinstance(error, sqlite3.Error) and is_fatal(error)):
                # SQLite has rolled back the whole transaction by itself (a full disk, say), or must.
                raise
            # A single statement has been undone: ABORT is SQLite's way with all but the errors above.
            # https://www.sqlite.org/lang_conflict.html
            if not write.single:
                self._connection.execute("ROLLBACK TO one")
            result = _Failed(unavailable(error, "writing") if isinstance(error, sqlite3.Error) else error)
        if not write.single:
            self._connection.execute("RELEASE one")
        return result

    def _settle(self, outcomes: list[_Outcome]) -> None:
        for write, result in outcomes:
            self._gate.leave(write.size)
            if write.done.done():
                continue
            if isinstance(result, _Failed):
                write.done.set_exception(result.error)
            else:
                write.done.set_result(result)
