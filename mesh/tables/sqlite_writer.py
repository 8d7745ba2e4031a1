"""The one thread that writes: it commits together whatever has gathered while the last commit was synced.

A write that fails leaves the others alone: one of several statements runs in a savepoint of its own, and a
single statement SQLite undoes by itself. A caller hears only after the commit that holds its write, and one
that goes away changes nothing for the thread.
"""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import Awaitable, Callable
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


@dataclass(frozen=True, slots=True)
class _Failed:
    error: Exception


_Run: TypeAlias = Callable[[sqlite3.Connection], Any]
_Write: TypeAlias = tuple[_Run, "asyncio.Future[Any]", bool, bool, int]
"""What to run, whom to tell, whether durable, whether single, and the room it takes in the gate. A plain tuple, since
there is one for each write."""


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

    def submit(
        self, run: Callable[[sqlite3.Connection], T], *, size: int = 0, durable: bool = True, single: bool = False
    ) -> Awaitable[T]:
        """Run `run` inside the next transaction and give its result once that is committed.

        `size` is about the bytes it holds. An exception of `run` undoes what it did and comes out here. `single`
        promises that `run` executes at most one statement, which is cheaper.
        """
        size += _WRITE_BYTES
        if self._closed or not self._gate.admits(size):
            return self._submit_in_turn(run, size, durable, single)
        return self._enqueue(run, size, durable, single)

    async def _submit_in_turn(
        self, run: Callable[[sqlite3.Connection], T], size: int, durable: bool, single: bool
    ) -> T:
        size = await self._gate.enter(size)
        if self._closed:
            self._gate.leave(size)
            raise Closed("the tables are closed")
        return await self._enqueue(run, size, durable, single)

    def _enqueue(
        self, run: Callable[[sqlite3.Connection], T], size: int, durable: bool, single: bool
    ) -> asyncio.Future[T]:
        done: asyncio.Future[T] = self._loop.create_future()
        self._queue.put((run, done, durable, single, size))
        return done

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
                results = self._transact(batch)
                # A loop that is gone has no callers left to tell.
                with suppress(RuntimeError):
                    self._loop.call_soon_threadsafe(self._settle, batch, results)
        self._connection.close()

    def _gather(self) -> tuple[list[_Write], bool]:
        write = self._queue.get()
        batch: list[_Write] = []
        size = 0
        while write is not None:
            batch.append(write)
            size += write[-1]
            if len(batch) >= _MOST_WRITES or size >= _MOST_BYTES:
                return batch, True
            try:
                write = self._queue.get_nowait()
            except Empty:
                return batch, True
        return batch, False

    def _transact(self, batch: list[_Write]) -> list[Any]:
        if self._broken is not None:
            return [_Failed(self._broken)] * len(batch)
        try:
            self._sync(any(durable for _, _, durable, _, _ in batch))
            self._connection.execute("BEGIN IMMEDIATE")
            results = [self._run(run, done, single) for run, done, _, single, _ in batch]
            self._connection.execute("COMMIT")
        except Exception as error:
            failure = Unavailable(f"the transaction was given up: {error!r}")
            if isinstance(error, sqlite3.Error):
                failure = unavailable(error, "committing")
                self._broken = failure if is_fatal(error) else None
            if self._connection.in_transaction:
                with suppress(sqlite3.Error):
                    self._connection.execute("ROLLBACK")
            return [_Failed(failure)] * len(batch)
        return results

    def _sync(self, synced: bool) -> None:
        # A batch without durable writes is not synced by itself; the next synced commit, or a checkpoint,
        # syncs the whole log in order.
        if synced != self._synced:
            self._connection.execute(f"PRAGMA synchronous = {'FULL' if synced else 'NORMAL'}")
            self._synced = synced

    def _run(self, run: _Run, done: asyncio.Future[Any], single: bool) -> Any:
        if done.cancelled():
            return None
        if not single:
            self._connection.execute("SAVEPOINT one")
        try:
            result = run(self._connection)
        except Exception as error:
            if not self._connection.in_transaction or (isinstance(error, sqlite3.Error) and is_fatal(error)):
                # SQLite has rolled back the whole transaction by itself (a full disk, say), or must.
                raise
            # A single statement has been undone: ABORT is SQLite's way with all but the errors above.
            # https://www.sqlite.org/lang_conflict.html
            if not single:
                self._connection.execute("ROLLBACK TO one")
            result = _Failed(unavailable(error, "writing") if isinstance(error, sqlite3.Error) else error)
        if not single:
            self._connection.execute("RELEASE one")
        return result

    def _settle(self, batch: list[_Write], results: list[Any]) -> None:
        self._gate.leave(sum(size for _, _, _, _, size in batch))
        for (_, done, _, _, _), result in zip(batch, results, strict=True):
            if done.done():
                continue
            if isinstance(result, _Failed):
                done.set_exception(result.error)
            else:
                done.set_result(result)
