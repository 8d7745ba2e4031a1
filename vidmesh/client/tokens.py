"""Where a sign-in is kept between calls and between programmes."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import json
import os
from collections.abc import AsyncGenerator
from contextlib import AbstractAsyncContextManager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Final, Protocol

from vidmesh.client.errors import ClientError
from vidmesh.client.files import read_json, write_private
from vidmesh.social.v1.account_pb2 import Account, Tokens

_POLL: Final = 0.02
_LOCK_PATIENCE: Final = 60.0


@dataclass(frozen=True, slots=True)
class SignIn:
    """A signed-in account with its tokens. Times are Unix seconds."""

    account_id: str
    username: str
    access_token: str = field(repr=False)
    access_expires: float
    refresh_token: str = field(repr=False)
    refresh_expires: float

    @classmethod
    def of(cls, account: Account, tokens: Tokens) -> SignIn:
        """From an answer of AccountService."""
        return cls(
            account_id=account.account_id,
            username=account.username,
            access_token=tokens.access_token,
            access_expires=tokens.access_expire_time.ToNanoseconds() / 1e9,
            refresh_token=tokens.refresh_token,
            refresh_expires=tokens.refresh_expire_time.ToNanoseconds() / 1e9,
        )

    def renewed(self, tokens: Tokens) -> SignIn:
        """The same account with a new pair of tokens."""
        return SignIn.of(Account(account_id=self.account_id, username=self.username), tokens)


class TokenStore(Protocol):
    """Keeps one sign-in. A refresh token works once, so whoever exchanges it holds `lock` meanwhile."""

    def load(self) -> SignIn | None:
        """What is kept; None when nobody is signed in."""
        ...

    def save(self, sign_in: SignIn) -> None:
        """Keeps it instead of the former one."""
        ...

    def clear(self) -> None:
        """Forgets it; no error when there is nothing."""
        ...

    def lock(self) -> AbstractAsyncContextManager[None]:
        """Keeps every other user of the same sign-in, in whatever process, from exchanging the token."""
        ...


class MemoryTokenStore:
    """For one process: the sign-in ends with it."""

    def __init__(self, sign_in: SignIn | None = None) -> None:
        self._kept = sign_in
        self._lock = asyncio.Lock()

    def load(self) -> SignIn | None:
        return self._kept

    def save(self, sign_in: SignIn) -> None:
        self._kept = sign_in

    def clear(self) -> None:
        self._kept = None

    @contextlib.asynccontextmanager
    async def lock(self) -> AsyncGenerator[None]:
        async with self._lock:
            yield


class FileTokenStore:
    """A file that only its owner can read, replaced whole, shared by any number of processes."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._mutex = path.with_name(f".{path.name}.lock")

    def load(self) -> SignIn | None:
        told = read_json(self._path)
        try:
            return None if told is None else SignIn(**told)
        except TypeError:
            return None

    def save(self, sign_in: SignIn) -> None:
        write_private(self._path, json.dumps(asdict(sign_in), indent=1) + "\n")

    def clear(self) -> None:
        self._path.unlink(missing_ok=True)

    @contextlib.asynccontextmanager
    async def lock(self) -> AsyncGenerator[None]:
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(self._mutex, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            give_up = asyncio.get_running_loop().time() + _LOCK_PATIENCE
            while not _locked(descriptor):
                if asyncio.get_running_loop().time() > give_up:
                    raise ClientError(f"Another command has been holding {self._mutex} for too long.")
                await asyncio.sleep(_POLL)
            yield
        finally:
            os.close(descriptor)


def _locked(descriptor: int) -> bool:
    # Polled instead of waited for: a blocking flock in a thread cannot be cancelled, and would keep the lock.
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
