"""A few threads that read, each call on a read-only connection of its own."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Final, TypeVar

from mesh.tables.backpressure import Gate
from mesh.tables.errors import Closed
from mesh.tables.sqlite_connections import open_reader, unavailable

T = TypeVar("T")

_THREADS: Final = 4


class Readers:
    """Runs functions that read. Each sees one snapshot, no older than the call."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._idle: SimpleQueue[sqlite3.Connection] = SimpleQueue()
        self._executor = ThreadPoolExecutor(_THREADS, thread_name_prefix="tables-reader")
        # A few more than the threads, so that none of them idles between two calls.
        self._gate = Gate(4 * _THREADS)
        self._closed = False

    async def submit(self, run: Callable[[sqlite3.Connection], T], *, single: bool = False) -> T:
        """Run `run` inside one read transaction.

        `single` promises that `run` executes one statement, which is a transaction by itself and cheaper.
        """
        units = await self._gate.enter(1)
        try:
            if self._closed:
                raise Closed("the tables are closed")
            return await asyncio.get_running_loop().run_in_executor(self._executor, self._read, run, single)
        finally:
            self._gate.leave(units)

    async def close(self) -> None:
        """Wait for running reads, then close the connections."""
        self._closed = True
        await asyncio.to_thread(self._executor.shutdown)
        while True:
            try:
                self._idle.get_nowait().close()
            except Empty:
                return

    def _read(self, run: Callable[[sqlite3.Connection], T], single: bool) -> T:
        try:
            connection = self._connection()
            try:
                if single:
                    result = run(connection)
                else:
                    connection.execute("BEGIN")
                    result = run(connection)
                    connection.execute("COMMIT")
            except BaseException:
                connection.close()
                raise
        except sqlite3.Error as error:
            raise unavailable(error, "reading") from error
        self._idle.put(connection)
        return result

    def _connection(self) -> sqlite3.Connection:
        try:
            return self._idle.get_nowait()
        except Empty:
            return open_reader(self._path)
