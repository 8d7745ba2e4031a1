"""Where a sign-in is kept between calls and between programmes."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import fcntl
import json
import os
from collections.abc import AsyncGenerator
from contextlib import AbstractAsyncContextManager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final, Protocol

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


class ApiTokenStore:
    """A personal API token in the place of a sign-in: it is never renewed, and nobody signs in or out beside it."""

    def __init__(self, token: str) -> None:
        """Raises `ClientError` for what is no API token."""
        claims = _claims(token)
        try:
            expires = float(claims["exp"])
            self._kept = SignIn(str(claims["sub"]), "", token, expires, "", expires)
        except (KeyError, TypeError, ValueError):
            raise ClientError("This is no API token; `vidmesh token create` makes one.") from None

    def load(self) -> SignIn | None:
        return self._kept

    def save(self, sign_in: SignIn) -> None:
        """Raises `ClientError`: nobody signs in beside a token."""
        del sign_in
        raise ClientError("An API token is in use; take VIDMESH_TOKEN away to sign in.")

    def clear(self) -> None:
        """Nothing: whoever gave the token takes it away."""

    @contextlib.asynccontextmanager
    async def lock(self) -> AsyncGenerator[None]:
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


def _claims(token: str) -> dict[str, Any]:
    """What a JWT says (RFC 7519), unverified: the installation verifies it. Empty for what is none."""
    try:
        payload = token.split(".")[1]
        claims: Any = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    except (IndexError, ValueError):
        return {}
    return claims if isinstance(claims, dict) else {}


def _locked(descriptor: int) -> bool:
    # Polled instead of waited for: a blocking flock in a thread cannot be cancelled, and would keep the lock.
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
