"""Objects of the store as local files, fetched when they are asked for, shared by the jobs of a process, bounded."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from mesh.objects.errors import ObjectDamaged
from svc_transcode.worker.patience import from_store


@dataclass(frozen=True, slots=True)
class Piece:
    """An object that a job reads."""

    bucket: str
    key: str
    size: int
    """Bytes."""
    sha256: str
    """Lower-case hex."""


class Store(Protocol):
    """Of `mesh.objects.Objects`, what fetching needs."""

    async def get_to(self, bucket: str, key: str, path: Path) -> str:
        """Streams an object to a file; its SHA-256 in hex. Raises ObjectMissing, ObjectsUnavailable."""
        ...


@dataclass(slots=True)
class _Entry:
    path: Path
    size: int
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    """Held by whoever fetches it; the others wait and find it there."""
    ready: bool = False
    users: int = 0
    used: float = 0.0


class PieceCache:
    """Pieces on disk. What is in use stays; of the rest, what was used last stays longest.

    `most_bytes` is kept unless what is in use alone is more.
    """

    def __init__(self, folder: Path, store: Store, most_bytes: int, clock: Callable[[], float]) -> None:
        """`folder` exists, and nothing else writes to it."""
        self._folder = folder
        self._store = store
        self._most = most_bytes
        self._clock = clock
        self._entries: OrderedDict[Piece, _Entry] = OrderedDict()
        self._names = itertools.count()

    @property
    def folder(self) -> Path:
        """What all pieces lie in."""
        return self._folder

    @property
    def size(self) -> int:
        """Bytes kept, those on their way included."""
        return sum(entry.size for entry in self._entries.values())

    def lease(self) -> Lease:
        """For one child."""
        return Lease(self)

    async def take(self, piece: Piece) -> Path:
        """A file with the whole piece, which stays until it is given back.

        Raises ObjectMissing, ObjectDamaged (it is not what was stored), ObjectsUnavailable, and OSError where there is
        no room on the disk.
        """
        entry = self._entries.get(piece)
        if entry is None:
            # A name of its own each time: a file that is being removed is never the one that is being fetched.
            entry = self._entries[piece] = _Entry(self._folder / str(next(self._names)), piece.size)
        entry.users += 1
        self._entries.move_to_end(piece)
        try:
            async with entry.turn:
                if not entry.ready:
                    await self._fetch(piece, entry)
                    entry.ready = True
        except BaseException:
            self.give_back(piece)
            raise
        return entry.path

    def give_back(self, piece: Piece) -> None:
        """One user fewer."""
        entry = self._entries[piece]
        entry.users -= 1
        entry.used = self._clock()
        if not entry.ready and not entry.users:
            del self._entries[piece]

    async def forget(self, pieces: Iterable[Piece]) -> None:
        """Removes these, where nobody uses them."""
        await self._remove([piece for piece in pieces if self._idle(piece)])

    async def expire(self, seconds: float) -> None:
        """Removes what was not used for so long."""
        before = self._clock() - seconds
        await self.forget([piece for piece, entry in self._entries.items() if entry.used <= before])

    def _idle(self, piece: Piece) -> bool:
        entry = self._entries.get(piece)
        return entry is not None and entry.ready and not entry.users

    async def _fetch(self, piece: Piece, entry: _Entry) -> None:
        await self._make_room()
        digest = await from_store(lambda: self._store.get_to(piece.bucket, piece.key, entry.path))
        if digest != piece.sha256:
            await asyncio.to_thread(entry.path.unlink, missing_ok=True)
            raise ObjectDamaged(f"{piece.bucket}/{piece.key}: its SHA-256 is {digest}, not {piece.sha256}")

    async def _make_room(self) -> None:
        excess = self.size - self._most
        going: list[Piece] = []
        for piece, entry in self._entries.items():
            if excess <= 0:
                break
            if self._idle(piece):
                going.append(piece)
                excess -= entry.size
        await self._remove(going)

    async def _remove(self, pieces: Iterable[Piece]) -> None:
        paths = [self._entries.pop(piece).path for piece in pieces]
        if paths:
            await asyncio.to_thread(_unlink, paths)


class Lease:
    """What one child uses: the piece that it was told of last. Before, it has opened the one before."""

    def __init__(self, cache: PieceCache) -> None:
        self._cache = cache
        self._held: Piece | None = None

    async def path(self, piece: Piece) -> Path:
        """As `PieceCache.take`; the piece is held until the next one is asked for."""
        self.release()
        path = await self._cache.take(piece)
        self._held = piece
        return path

    def release(self) -> None:
        """The child is gone, or asks for the next one."""
        if self._held is not None:
            self._cache.give_back(self._held)
            self._held = None


def _unlink(paths: Iterable[Path]) -> None:
    for path in paths:
        with contextlib.suppress(FileNotFoundError):
            path.unlink()
