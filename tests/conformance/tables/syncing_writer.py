"""Run by test_sqlite_sync under strace: writes, and marks each acknowledgement by a line on stdout.

Arguments: the database file, then what to do.
"""

from __future__ import annotations

import asyncio
import os
import sys

from mesh.tables import Insert, Tables, UpdateStatic, open_tables
from mesh.testing.tables_base import MEMBERS, SCHEMA, THINGS


async def one_by_one(tables: Tables) -> None:
    """Every kind of durable write, each awaited."""
    key = {"id": "one"}
    for number in range(5):
        await tables.put(THINGS, {**key, "count": number})
        os.write(1, b"acknowledged\n")
        await tables.update(THINGS, key, {"count": number + 1}, expect={"count": number})
        os.write(1, b"acknowledged\n")
        home = {"club": str(number), "shard": 0}
        await tables.commit(MEMBERS, home, Insert({"member": "m"}), UpdateStatic({"count": 1}))
        os.write(1, b"acknowledged\n")
        await tables.delete(THINGS, key)
        os.write(1, b"acknowledged\n")


async def together(tables: Tables) -> None:
    """Durable writes of 64 callers at once."""
    await asyncio.gather(*(tables.put(THINGS, {"id": str(number)}) for number in range(64)))
    os.write(1, b"acknowledged\n")


async def loosely(tables: Tables) -> None:
    """Writes that need not be durable, then one that must be."""
    for number in range(20):
        await tables.put(THINGS, {"id": str(number)}, durable=False)
    os.write(1, b"acknowledged\n")
    await tables.put(THINGS, {"id": "last"})
    os.write(1, b"acknowledged\n")


async def main(path: str, what: str) -> None:
    """Open the file, mark the beginning, and write."""
    async with open_tables(f"sqlite://{path}", SCHEMA) as tables:
        await tables.put(THINGS, {"id": "warm"})
        os.write(1, b"begin\n")
        await {"one_by_one": one_by_one, "together": together, "loosely": loosely}[what](tables)
        os.write(1, b"end\n")


asyncio.run(main(sys.argv[1], sys.argv[2]))
