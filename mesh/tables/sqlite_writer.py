"""The one thread that writes: it commits together whatever has gathered while the last commit was synced.

A write that fails leaves the others alone: a function runs in a savepoint of its own, and a statement SQLite undoes by
itself. A caller hears only after the commit that holds its write, and one
that goes away changes nothing for the thread.
"""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import Any, Final, TypeAlias, TypeVar

from mesh.tables.backpressure import Gate
from mesh.tables.columns import Stored
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
_Values: TypeAlias = tuple[Stored, ...]
_Write: TypeAlias = tuple[_Run | str, _Values, "asyncio.Future[Any]", int, bool, bool]
"""What to run with which parameters, whom to tell, the room it takes in the gate, whether durable, whether a put. A
plain tuple, since there is one for each write."""


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

    def submit(self, run: Callable[[sqlite3.Connection], T], *, size: int = 0, durable: bool = True) -> Awaitable[T]:
        """Run `run` inside the next transaction and give its result once that is committed.

        `size` is about the bytes it holds. An exception of `run` undoes what it did and comes out here.
        """
        return self._enter((run, (), self._loop.create_future(), size + _WRITE_BYTES, durable, False))

    def execute(self, text: str, values: _Values, size: int = 0, durable: bool = True) -> Awaitable[int]:
        """Execute one statement likewise, and give the number of rows that it affected."""
        return self._enter((text, values, self._loop.create_future(), size + _WRITE_BYTES, durable, False))

    def put(self, text: str, values: _Values, size: int = 0, durable: bool = True) -> Awaitable[None]:
        """Execute one statement likewise that may be executed twice as well as once: a row that overwrites another.

        What gathers of them, and has the same text, is executed together, which is cheaper.
        """
        return self._enter((text, values, self._loop.create_future(), size + _WRITE_BYTES, durable, True))

    def _enter(self, write: _Write) -> Awaitable[Any]:
        if self._closed or not self._gate.admits(write[3]):
            return self._enter_in_turn(write)
        self._queue.put(write)
        return write[2]

    async def _enter_in_turn(self, write: _Write) -> Any:
        what, values, done, size, durable, is_put = write
        size = await self._gate.enter(size)
        if self._closed:
            self._gate.leave(size)
            raise Closed("the tables are closed")
        self._queue.put((what, values, done, size, durable, is_put))
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
            batch, size, going = self._gather()
            if batch:
                results = self._transact(batch)
                # A loop that is gone has no callers left to tell.
                with suppress(RuntimeError):
                    self._loop.call_soon_threadsafe(self._settle, batch, size, results)
        self._connection.close()

    def _gather(self) -> tuple[list[_Write], int, bool]:
        write = self._queue.get()
        batch: list[_Write] = []
        size = 0
        while write is not None:
            batch.append(write)
            size += write[3]
            if len(batch) >= _MOST_WRITES or size >= _MOST_BYTES:
                return batch, size, True
            try:
                write = self._queue.get_nowait()
            except Empty:
                return batch, size, True
        return batch, size, False

    def _transact(self, batch: list[_Write]) -> list[Any]:
        if self._broken is not None:
            return [_Failed(self._broken)] * len(batch)
        try:
            self._sync(any(write[4] for write in batch))
            self._connection.execute("BEGIN IMMEDIATE")
            results = self._run(batch)
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

    def _run(self, batch: list[_Write]) -> list[Any]:
        results: list[Any] = []
        start = 0
        while start < len(batch):
            text, end = batch[start][0], start + 1
            if batch[start][5]:
                while end < len(batch) and batch[end][0] is text and batch[end][5]:
                    end += 1
            if isinstance(text, str) and end - start > 1:
                results += self._puts(text, batch[start:end])
            else:
                results.append(self._one(batch[start]))
            start = end
        return results

    def _puts(self, text: str, puts: list[_Write]) -> Sequence[Any]:
        try:
            self._connection.executemany(text, [put[1] for put in puts if not put[2].cancelled()])
        except Exception as error:
            self._raise_if_lost(error)
            # Which one it was is found by doing all of them again, which those before it do not mind.
            return [self._one(put) for put in puts]
        return (None,) * len(puts)

    def _one(self, write: _Write) -> Any:
        what, values, done, _, _, is_put = write
        if done.cancelled():
            return None
        if isinstance(what, str):
            return self._statement(what, values, is_put)
        self._connection.execute("SAVEPOINT one")
        try:
            result = what(self._connection)
        except Exception as error:
            self._raise_if_lost(error)
            self._connection.execute("ROLLBACK TO one")
            result = _failed(error)
        self._connection.execute("RELEASE one")
        return result

    def _statement(self, text: str, values: _Values, is_put: bool) -> Any:
        try:
            count = self._connection.execute(text, values).rowcount
        except Exception as error:
            # Otherwise it has been undone: ABORT is SQLite's way with all errors but those.
            # https://www.sqlite.org/lang_conflict.html
            self._raise_if_lost(error)
            return _failed(error)
        return None if is_put else count

    def _raise_if_lost(self, error: Exception) -> None:
        """Raises it where SQLite has rolled back the whole transaction by itself (a full disk, say), or must."""
        if not self._connection.in_transaction or (isinstance(error, sqlite3.Error) and is_fatal(error)):
            raise error

    def _settle(self, batch: list[_Write], size: int, results: list[Any]) -> None:
        self._gate.leave(size)
        for (_, _, done, _, _, _), result in zip(batch, results, strict=True):
            if done.done():
                continue
            if isinstance(result, _Failed):
                done.set_exception(result.error)
            else:
                done.set_result(result)


def _failed(error: Exception) -> _Failed:
    return _Failed(unavailable(error, "writing") if isinstance(error, sqlite3.Error) else error)
