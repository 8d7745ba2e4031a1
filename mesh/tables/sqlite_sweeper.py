"""Removes rows whose lifetime has passed, a few at a time between other writes. Reads never see them anyway."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Iterable
from datetime import timedelta
from typing import Final

from mesh.tables.errors import TableError
from mesh.tables.sqlite_statements import Statements
from mesh.tables.sqlite_writer import Writer

_ROWS: Final = 500

_log = logging.getLogger(__name__)


class Sweeper:
    """A task on the running loop, from construction to `close`."""

    def __init__(self, writer: Writer, expiring: Iterable[Statements], every: timedelta) -> None:
        self._writer = writer
        self._expiring = list(expiring)
        self._every = every.total_seconds()
        self._task = asyncio.create_task(self._run(), name="tables-sweeper") if self._expiring else None

    async def close(self) -> None:
        """Stop after the step under way."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(self._every)
            for statements in self._expiring:
                try:
                    await self._sweep(statements)
                except TableError as error:
                    _log.warning("expired rows were left for the next sweep: %s", error)

    async def _sweep(self, statements: Statements) -> None:
        removed = _ROWS
        while removed == _ROWS:
            text, values = statements.sweep(time.time_ns() // 1000, _ROWS)
            removed = await self._writer.execute(text, values, durable=False)
