"""A bus that refuses for good: a stream of NATS whose write failed once takes nothing more until the server is started
again, however much room its disk has by then, while the server's health says that all is well. Only its log tells.
"""

from __future__ import annotations

import asyncio
import re
import shutil
from pathlib import Path
from typing import Final

from mesh.local.part import NotReady

ROOM: Final = 16 << 20
"""Bytes that have to be free before a new start is worth while."""

_REFUSED: Final = re.compile(rb"failed to store a msg|Critical write error|no space left on device")
_READ_AT_ONCE: Final = 1 << 20


class Refusals:
    """What a part's log says since the part was started last."""

    def __init__(self, log: Path, store: Path) -> None:
        """`store`: where the part writes."""
        self._log = log
        self._store = store
        self._read = 0
        self._refused = False

    async def forget(self) -> None:
        """A step: the part is about to be started."""
        self._read, self._refused = self._size(), False

    async def none(self) -> None:
        """A probe: raises NotReady when writes were refused and there is room for them now.

        Whoever publishes tries again, so a refusal that found no room in the log is told once more.
        """
        await asyncio.to_thread(self._look)

    def _look(self) -> None:
        size = self._size()
        # It was put aside since, and a new one begun.
        start = self._read if self._read <= size else 0
        if size > start:
            with self._log.open("rb") as file:
                file.seek(max(start, size - _READ_AT_ONCE))
                self._refused |= _REFUSED.search(file.read(_READ_AT_ONCE)) is not None
        self._read = size
        if self._refused and shutil.disk_usage(self._store).free >= ROOM:
            raise NotReady("it could not write, and takes nothing more, though there is room")

    def _size(self) -> int:
        try:
            return self._log.stat().st_size
        except OSError:
            return 0
