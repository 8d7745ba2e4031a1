"""Run by test_sqlite_crash: writes without end, and says on stdout what was acknowledged, one line each.

Arguments: the database file. Every 16th writer commits a row together with a static count.
"""

from __future__ import annotations

import asyncio
import os
import sys

from mesh.tables import Insert, UpdateStatic, open_tables
from mesh.testing.tables_base import MEMBERS, SCHEMA, THINGS


async def main(path: str) -> None:
    """Sixteen callers write until the process is killed."""
    async with open_tables(f"sqlite://{path}", SCHEMA) as tables:

        async def put(writer: int) -> None:
            number = writer
            while True:
                await tables.put(THINGS, {"id": str(number), "count": number, "data": b"x" * 300})
                os.write(1, f"put {number}\n".encode())
                number += 16

        async def count() -> None:
            home = {"club": "c", "shard": 0}
            number = int(str((await tables.get_static(MEMBERS, home))["count"] or 0))
            while True:
                expect = {"count": number or None}
                number += 1
                done = await tables.commit(
                    MEMBERS, home, Insert({"member": f"{number:07}"}), UpdateStatic({"count": number}, expect)
                )
                os.write(1, f"count {number if done else 'failed'}\n".encode())

        await asyncio.gather(*(put(writer) for writer in range(15)), count())


asyncio.run(main(sys.argv[1]))
