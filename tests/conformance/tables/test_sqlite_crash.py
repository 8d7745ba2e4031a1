"""What the SQLite engine acknowledged is there after its process was killed; what it did not is whole or absent.

A killed process loses nothing that reached the kernel, so this cannot see a missing fsync: that is tested
by counting system calls, in test_sqlite_sync.py.
"""

from __future__ import annotations

import asyncio
import sqlite3
import sys
from asyncio.subprocess import PIPE
from contextlib import closing
from pathlib import Path

from mesh.tables import open_tables
from mesh.testing.tables_base import MEMBERS, SCHEMA, THINGS

WRITER = Path(__file__).with_name("acking_writer.py")
ROOT = Path(__file__).parents[3]


async def acknowledged(path: Path, seconds: float) -> tuple[set[int], int]:
    """Run the writer, kill it after a while, and give the numbers it acknowledged and the last count."""
    writer = await asyncio.create_subprocess_exec(
        sys.executable, str(WRITER), str(path), stdout=PIPE, cwd=ROOT, env={"PYTHONPATH": str(ROOT)}
    )
    assert writer.stdout is not None
    first = await writer.stdout.readline()
    reading = asyncio.ensure_future(writer.stdout.read())
    await asyncio.sleep(seconds)
    writer.kill()
    lines = (first + await reading).decode().splitlines(keepends=True)
    assert await writer.wait() == -9
    words = [line.split() for line in lines if line.endswith("\n")]
    puts = {int(number) for what, number in words if what == "put"}
    return puts, max((int(number) for what, number in words if what == "count"), default=0)


async def test_every_acknowledged_write_survives_kill_9_again_and_again(tmp_path: Path) -> None:
    path = tmp_path / "crash.db"
    puts: set[int] = set()
    for seconds in (0.1, 0.25, 0.4):
        found, count = await acknowledged(path, seconds)
        assert found
        puts |= found
        async with open_tables(f"sqlite://{path}", SCHEMA) as tables:
            rows = await tables.get_many(THINGS, [{"id": str(number)} for number in sorted(found)[-1000:]])
            assert all(row is not None and row["data"] == b"x" * 300 for row in rows)
            static = (await tables.get_static(MEMBERS, {"club": "c", "shard": 0}))["count"]
            assert isinstance(static, int)
            assert static >= count
    with closing(sqlite3.connect(path)) as connection:
        stored = {int(key) for (key,) in connection.execute("SELECT id FROM things")}
        ((members, statics),) = connection.execute(
            "SELECT (SELECT count(*) FROM members), (SELECT count FROM members__static)"
        )
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    assert puts <= stored
    assert members == statics
