"""Passwords: argon2id with the low-memory parameters of RFC 9106 (64 MiB, 3 passes, 4 lanes), off the event loop.

Hashing is made to be dear, so only a few run at once, and only so many may wait: who comes after them is told to wait
instead of piling up memory.
"""

from __future__ import annotations

import asyncio
import secrets
import time
import unicodedata
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Final, TypeVar

from argon2 import Parameters, PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from argon2.profiles import RFC_9106_LOW_MEMORY

from mesh.errors import Fault, exhausted
from vidmesh.common.v1.error_reason_pb2 import ErrorReason

AT_ONCE: Final = 2
"""Hashes computed at the same time: 64 MiB each."""
MOST_WAITING: Final = 32
"""Further calls that may wait for one."""
LONGEST_WAIT: Final = 3.0
"""Seconds that a call may have to wait for its turn: who would, by how long the last hashes took here, is refused at
once, and who has, because the machine has become slower since, then. On a slow or busy machine all who wait would
otherwise be too late, and nobody signed in."""
NEWEST: Final = 0.3
"""Weight of the newest hash in how long one takes."""

T = TypeVar("T")


class Passwords:
    """Hashes passwords and checks them. `await Passwords.open()`; `close` at the end."""

    def __init__(self, hasher: PasswordHasher, dummy: str, pool: ThreadPoolExecutor) -> None:
        self._hasher = hasher
        self._dummy = dummy
        self._pool = pool
        self._turns = asyncio.Semaphore(AT_ONCE)
        self._waiting = 0
        self._each = 0.0

    @classmethod
    async def open(cls, parameters: Parameters = RFC_9106_LOW_MEMORY) -> Passwords:
        """Ready to work, with a hash that stands in for accounts that do not exist."""
        hasher = PasswordHasher.from_parameters(parameters)
        pool = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="argon2")
        dummy = await asyncio.get_running_loop().run_in_executor(pool, hasher.hash, secrets.token_bytes(32))
        return cls(hasher, dummy, pool)

    async def hash(self, password: str) -> str:
        """The hash to keep, with salt and parameters. Raises OVERLOADED."""
        return await self._run(lambda: self._hasher.hash(_normal(password)))

    async def matches(self, kept: str | None, password: str) -> bool:
        """Whether the password is the one that was hashed; None, for no such account, takes as long and is False.

        Raises OVERLOADED.
        """

        def verify() -> bool:
            try:
                return self._hasher.verify(kept or self._dummy, _normal(password)) and kept is not None
            except (VerificationError, InvalidHashError):
                return False

        return await self._run(verify)

    def is_outdated(self, kept: str) -> bool:
        """Whether a hash was made with other parameters than today's, and should be made anew at the next sign-in."""
        return self._hasher.check_needs_rehash(kept)

    async def close(self) -> None:
        """Finish what is under way."""
        await asyncio.to_thread(self._pool.shutdown)

    async def _run(self, work: Callable[[], T]) -> T:
        await self._turn()
        hashing = asyncio.get_running_loop().run_in_executor(self._pool, _timed, work)
        # A thread that hashes cannot be stopped: its turn lasts until it has ended, whether or not its caller has gone.
        hashing.add_done_callback(lambda _: self._turns.release())
        result, seconds = await asyncio.shield(hashing)
        self._each += NEWEST * (seconds - self._each)
        return result

    async def _turn(self) -> None:
        if self._waiting >= MOST_WAITING or self._waiting * self._each / AT_ONCE > LONGEST_WAIT:
            raise _overloaded()
        self._waiting += 1
        try:
            async with asyncio.timeout(LONGEST_WAIT):
                await self._turns.acquire()
        except TimeoutError:
            raise _overloaded() from None
        finally:
            self._waiting -= 1


def _overloaded() -> Fault:
    return exhausted(
        ErrorReason.ERROR_REASON_OVERLOADED,
        "Too many people are signing in at once. Try again shortly.",
        retry_after=timedelta(seconds=2),
    )


def _timed(work: Callable[[], T]) -> tuple[T, float]:
    started = time.perf_counter()
    return work(), time.perf_counter() - started


def _normal(password: str) -> bytes:
    # NFKC, as NIST SP 800-63B asks: the same password typed on two keyboards may differ in its code points.
    return unicodedata.normalize("NFKC", password).encode()
