"""Expired rows leave the SQLite file by themselves."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path

from mesh.tables.sqlite import SqliteTables
from mesh.testing.tables_base import SCHEMA, SESSIONS


def stored(path: Path) -> list[str]:
    """The ids that are physically there."""
    with closing(sqlite3.connect(path)) as connection:
        return [found for (found,) in connection.execute("SELECT id FROM sessions ORDER BY id")]


async def test_expired_rows_are_removed_and_others_stay(tmp_path: Path) -> None:
    path = tmp_path / "sweep.db"
    tables = await SqliteTables.open(path, SCHEMA, sweep_every=timedelta(milliseconds=50))
    try:
        for number in range(1200):
            row = {"user": str(number % 7), "id": f"gone {number}"}
            await tables.put(SESSIONS, row, ttl=timedelta(microseconds=1), durable=False)
        await tables.put(SESSIONS, {"user": "u", "id": "later"}, ttl=timedelta(hours=1))
        await tables.put(SESSIONS, {"user": "u", "id": "never"})
        async with asyncio.timeout(10):
            while len(stored(path)) > 2:  # noqa: ASYNC110 (the sweeper tells nobody)
                await asyncio.sleep(0.02)
        assert stored(path) == ["later", "never"]
    finally:
        await tables.close()
