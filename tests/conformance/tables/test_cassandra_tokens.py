"""Partitions whose keys somebody has made to have one token: a walk finds all of them all the same."""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Any

import pytest
from cassandra.metadata import Murmur3Token

from mesh.tables import Page, Schema, Table, Tables, UpdateStatic, blob, integer, open_tables
from mesh.testing.cassandra import CassandraServer

ROWS = Table("rows", (blob("id"), integer("n"), integer("count", static=True)), ("id",), ("n",))
SCHEMA = Schema("tokens", 1, (ROWS,))
MASK = 2**64 - 1


def unmixed(mixed: int) -> int:
    """The inverse of MurmurHash3's fmix64."""
    mixed ^= mixed >> 33
    mixed = mixed * pow(0xC4CEB9FE1A85EC53, -1, 2**64) & MASK
    mixed ^= mixed >> 33
    mixed = mixed * pow(0xFF51AFD7ED558CCD, -1, 2**64) & MASK
    return mixed ^ mixed >> 33


def rotated(value: int, by: int) -> int:
    """Left within 64 bits; to the right where `by` is negative."""
    by %= 64
    return (value << by | value >> (64 - by)) & MASK


def key_with_token(token: int, other: int) -> bytes:
    """16 bytes whose MurmurHash3_x64_128 has `token` as its first half; each `other` gives another key.

    All steps of the hash can be undone for a single block (A. Appleby's reference, without a tail).
    """
    one, two = 0x87C37B91114253D5, 0x4CF5AD432745937F
    first, second = unmixed((token - other) & MASK), unmixed(other)
    second = (second - first) & MASK
    first = (first - second) & MASK
    first, second = first ^ 16, second ^ 16
    low = rotated((first - 0x52DCE729) * pow(5, -1, 2**64) & MASK, -27)
    high = rotated(((second - 0x38495AB5) * pow(5, -1, 2**64) - first) & MASK, -31)
    blocks = (
        rotated(low * pow(two, -1, 2**64) & MASK, -31) * pow(one, -1, 2**64) & MASK,
        rotated(high * pow(one, -1, 2**64) & MASK, -33) * pow(two, -1, 2**64) & MASK,
    )
    return struct.pack("<QQ", *blocks)


async def walked(walk: Callable[..., Any], limit: int) -> list[dict[str, Any]]:
    """All rows of a walk, in pages."""
    pages: list[Page] = [await walk(ROWS, limit=limit)]
    while pages[-1].cursor is not None:
        pages.append(await walk(ROWS, limit=limit, cursor=pages[-1].cursor))
    return [row for page in pages for row in page.rows]


@pytest.mark.parametrize("limit", [1, 2, 3, 100])
async def test_partitions_of_one_token_are_walked_once_each(cassandra: CassandraServer, limit: int) -> None:
    keys = [key_with_token(token, other) for token in (-5, 7) for other in range(6)]
    assert [Murmur3Token.hash_fn(key) for key in keys] == [-5] * 6 + [7] * 6
    async with open_tables(f"cql://{cassandra.host}/tokens", SCHEMA) as tables:
        await fill(tables, keys)
        rows = await walked(tables.walk, limit)
        assert sorted((row["id"], row["n"]) for row in rows) == sorted((key, n) for key in keys for n in range(2))
        statics = await walked(tables.walk_statics, limit)
        assert sorted(row["id"] for row in statics) == sorted(keys)


async def fill(tables: Tables, keys: list[bytes]) -> None:
    """Two rows and a static value a partition."""
    for key in keys:
        for n in range(2):
            await tables.put(ROWS, {"id": key, "n": n})
        await tables.commit(ROWS, {"id": key}, UpdateStatic({"count": 1}))
