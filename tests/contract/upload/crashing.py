"""Real tables under a process that dies between two writes."""

from __future__ import annotations

from typing import Any

from mesh.tables import Tables, Unavailable

WRITES = frozenset({"put", "insert", "update", "commit", "delete", "delete_partition"})


class CrashingTables:
    """Lets `left` more writes through, and then fails every one until `left` is None again.

    To what stands on it that is as if the process had died there: nothing behind that point is written.
    """

    def __init__(self, tables: Tables) -> None:
        self._tables = tables
        self.left: int | None = None
        self.crashed = False

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._tables, name)
        if name not in WRITES:
            return method

        async def write(*arguments: Any, **named: Any) -> Any:
            if self.left is not None:
                if self.left == 0:
                    self.crashed = True
                    raise Unavailable("the process died here")
                self.left -= 1
            return await method(*arguments, **named)

        return write
