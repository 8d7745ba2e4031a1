"""Which parts a worker keeps, and that each is fetched once."""

# ruff: noqa: ASYNC240 (small files, and nothing else runs)
from __future__ import annotations

import asyncio
import hashlib
from pathlib import Path

import pytest

from mesh.objects.errors import ObjectDamaged, ObjectMissing
from svc_transcode.worker.pieces import Piece, PieceCache


class Shelf:
    """Objects in memory; `gate` holds fetches back, `fetched` lists them."""

    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}
        self.fetched: list[str] = []
        self.gate = asyncio.Event()
        self.gate.set()

    def piece(self, key: str, content: bytes) -> Piece:
        self.objects[key] = content
        return Piece("source", key, len(content), hashlib.sha256(content).hexdigest())

    async def get_to(self, bucket: str, key: str, path: Path) -> str:
        self.fetched.append(key)
        await self.gate.wait()
        if key not in self.objects:
            raise ObjectMissing(key)
        path.write_bytes(self.objects[key])
        return hashlib.sha256(self.objects[key]).hexdigest()


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def shelf() -> Shelf:
    return Shelf()


def cache_of(shelf: Shelf, folder: Path, most: int = 100, clock: Clock | None = None) -> PieceCache:
    return PieceCache(folder, shelf, most, clock or Clock())


async def test_a_piece_is_fetched_once_however_many_ask_for_it_at_once(shelf: Shelf, tmp_path: Path) -> None:
    cache = cache_of(shelf, tmp_path)
    piece = shelf.piece("a", b"content")
    paths = await asyncio.gather(*(cache.lease().path(piece) for _ in range(5)))
    assert len(set(paths)) == 1
    assert paths[0].read_bytes() == b"content"
    assert shelf.fetched == ["a"]


async def test_what_was_used_longest_ago_goes_first(shelf: Shelf, tmp_path: Path) -> None:
    cache = cache_of(shelf, tmp_path, most=20)
    a, b, c = (shelf.piece(key, key.encode() * 10) for key in "abc")
    lease = cache.lease()
    for piece in (a, b, a, c, a):
        await lease.path(piece)
    assert shelf.fetched == ["a", "b", "c"]
    await lease.path(b)
    assert shelf.fetched == ["a", "b", "c", "b"]
    assert cache.size == 20
    assert len(list(tmp_path.iterdir())) == 2


async def test_what_a_child_uses_stays_even_beyond_the_bound(shelf: Shelf, tmp_path: Path) -> None:
    cache = cache_of(shelf, tmp_path, most=10)
    a, b, c = (shelf.piece(key, key.encode() * 10) for key in "abc")
    one, other = cache.lease(), cache.lease()
    held, also = await one.path(a), await other.path(b)
    assert held.exists()
    assert also.exists()
    await other.path(c)
    assert held.exists()
    assert not also.exists()
    one.release()
    await other.path(b)
    assert not held.exists()
    assert cache.size == 10


async def test_a_fetch_that_is_cancelled_leaves_it_to_the_next_who_waits(shelf: Shelf, tmp_path: Path) -> None:
    cache = cache_of(shelf, tmp_path)
    piece = shelf.piece("a", b"content")
    shelf.gate.clear()
    first, second = (asyncio.create_task(cache.lease().path(piece)) for _ in range(2))
    await asyncio.sleep(0)
    first.cancel()
    await asyncio.gather(first, return_exceptions=True)
    shelf.gate.set()
    assert (await second).read_bytes() == b"content"
    assert shelf.fetched == ["a", "a"]


async def test_other_bytes_than_were_recorded_are_refused_and_not_kept(shelf: Shelf, tmp_path: Path) -> None:
    cache = cache_of(shelf, tmp_path)
    piece = shelf.piece("a", b"content")
    shelf.objects["a"] = b"tampered"
    with pytest.raises(ObjectDamaged):
        await cache.lease().path(piece)
    assert (cache.size, list(tmp_path.iterdir())) == (0, [])
    shelf.objects["a"] = b"content"
    assert (await cache.lease().path(piece)).read_bytes() == b"content"


async def test_a_missing_object_takes_no_room(shelf: Shelf, tmp_path: Path) -> None:
    cache = cache_of(shelf, tmp_path)
    with pytest.raises(ObjectMissing):
        await cache.lease().path(Piece("source", "gone", 10, "00"))
    assert cache.size == 0


async def test_what_nobody_asked_for_in_a_while_is_removed_unless_it_is_in_use(shelf: Shelf, tmp_path: Path) -> None:
    clock = Clock()
    cache = cache_of(shelf, tmp_path, clock=clock)
    lease = cache.lease()
    idle, held = shelf.piece("idle", b"1"), shelf.piece("held", b"2")
    await lease.path(idle)
    path = await lease.path(held)
    clock.now = 60.0
    await cache.expire(30)
    assert list(tmp_path.iterdir()) == [path]
    lease.release()
    await cache.expire(30)
    assert path.exists(), "its last use ended just now"
    clock.now = 120.0
    await cache.expire(30)
    assert not path.exists()
