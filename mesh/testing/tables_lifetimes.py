"""Conformance: rows with a lifetime. Waits are real, because a database's clock cannot be moved."""
# ruff: noqa: S101 (assertions are what a suite is made of)

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from mesh.tables import Check, Delete, Insert, InvalidRow, Put, Tables, Update, Value
from mesh.testing.tables_base import ENTRIES, SESSIONS, EngineTests, row_of

SHORT = timedelta(seconds=1)
LONG = timedelta(hours=1)
_PAST_SHORT = 1.1


class LifetimeTests(EngineTests):
    """ttl, in a table whose rows expire."""

    async def test_a_row_that_expired_is_absent_to_every_operation(self, tables: Tables, name: str) -> None:
        home: dict[str, Value] = {"user": name}
        for row in ("read", "updated", "deleted", "inserted", "put", "committed"):
            await tables.put(SESSIONS, {**home, "id": row, "seen": 1, "device": "d"}, ttl=SHORT)
        await tables.put(SESSIONS, {**home, "id": "staying", "seen": 1}, ttl=LONG)
        await tables.put(SESSIONS, {**home, "id": "for ever", "seen": 1})
        assert len((await tables.scan(SESSIONS, home, limit=9)).rows) == 8
        await asyncio.sleep(_PAST_SHORT)

        staying = [row_of(SESSIONS, user=name, id=row, seen=1) for row in ("for ever", "staying")]
        assert await tables.get(SESSIONS, {**home, "id": "read"}) is None
        assert (await tables.scan(SESSIONS, home, limit=9)).rows == tuple(staying)
        assert not await tables.update(SESSIONS, {**home, "id": "updated"}, {"seen": 2}, expect={})
        assert not await tables.delete(SESSIONS, {**home, "id": "deleted"}, expect={})
        assert not await tables.commit(SESSIONS, home, Check({"id": "read"}))
        assert not await tables.commit(SESSIONS, home, Update({"id": "read"}, {"seen": 2}))
        assert not await tables.commit(SESSIONS, home, Delete({"id": "read"}, {}))

        assert await tables.insert(SESSIONS, {**home, "id": "inserted", "seen": 2})
        await tables.put(SESSIONS, {**home, "id": "put", "seen": 2})
        assert await tables.commit(SESSIONS, home, Insert({"id": "committed", "seen": 2}))
        # Nothing of the expired rows shines through.
        fresh = [row_of(SESSIONS, user=name, id=row, seen=2) for row in ("committed", "inserted", "put")]
        assert (await tables.scan(SESSIONS, home, limit=9)).rows == (
            fresh[0],
            staying[0],
            fresh[1],
            fresh[2],
            staying[1],
        )

    async def test_an_update_keeps_the_lifetime_and_a_put_replaces_it(self, tables: Tables, name: str) -> None:
        home: dict[str, Value] = {"user": name}
        for row in ("updated", "committed", "extended", "freed"):
            await tables.put(SESSIONS, {**home, "id": row, "seen": 1, "device": "d"}, ttl=SHORT)
        await tables.put(SESSIONS, {**home, "id": "shortened", "seen": 1}, ttl=LONG)
        assert await tables.update(SESSIONS, {**home, "id": "updated"}, {"seen": 2}, expect={"seen": 1})
        assert await tables.commit(SESSIONS, home, Update({"id": "committed"}, {"seen": 2}))
        await tables.put(SESSIONS, {**home, "id": "extended", "seen": 2}, ttl=LONG)
        assert await tables.commit(SESSIONS, home, Put({"id": "freed", "seen": 2}))
        await tables.put(SESSIONS, {**home, "id": "shortened", "seen": 2}, ttl=SHORT)
        await asyncio.sleep(_PAST_SHORT)
        assert (await tables.scan(SESSIONS, home, limit=9)).rows == (
            row_of(SESSIONS, user=name, id="extended", seen=2),
            row_of(SESSIONS, user=name, id="freed", seen=2),
        )

    async def test_a_put_replaces_the_whole_row(self, tables: Tables, name: str) -> None:
        await tables.put(SESSIONS, {"user": name, "id": "i", "seen": 1, "device": "d"})
        await tables.put(SESSIONS, {"user": name, "id": "i", "seen": 2}, ttl=LONG)
        assert await tables.get(SESSIONS, {"user": name, "id": "i"}) == row_of(SESSIONS, user=name, id="i", seen=2)

    async def test_an_insert_leaves_a_living_row_alone(self, tables: Tables, name: str) -> None:
        row = row_of(SESSIONS, user=name, id="i", seen=1, device="d")
        assert await tables.insert(SESSIONS, row, ttl=LONG)
        assert not await tables.insert(SESSIONS, {"user": name, "id": "i", "seen": 2})
        assert not await tables.commit(SESSIONS, {"user": name}, Insert({"id": "i", "seen": 2}))
        assert await tables.get(SESSIONS, {"user": name, "id": "i"}) == row

    async def test_a_lifetime_that_cannot_be_is_refused(self, tables: Tables, name: str) -> None:
        for ttl in (timedelta(0), -SHORT, timedelta(days=365 * 21)):
            with pytest.raises(InvalidRow, match="sessions"):
                await tables.put(SESSIONS, {"user": name, "id": "i"}, ttl=ttl)
        with pytest.raises(InvalidRow, match="entries"):
            await tables.insert(ENTRIES, {"owner": name, "group": 1, "name": "n", "part": b""}, ttl=LONG)
