"""Key rings in files that only their owner may read, looked at again while they are used."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from mesh.keyring import KeyFileError, KeyRing, SigningKey, document_of
from vidmesh.client.files import write_private

LOOK_EVERY: Final = timedelta(seconds=1)
"""How soon a file that was changed is noticed."""


def replace_keys(path: Path, ring: KeyRing) -> None:
    """Put these keys into the file, whole and durably. Raises KeyFileError."""
    try:
        write_private(path, document_of(ring))
    except OSError as error:
        raise KeyFileError(f"Cannot write the key file {path}: {error}") from error


class KeyFile:
    """The keys of a file (`mesh.keyring.Keys`): a change of it is in force a second later, without a restart.

    A file that cannot be read any more leaves the keys that were known in force; `troubled` is told once each time.
    Makes the file where there is none. Raises KeyFileError.
    """

    def __init__(
        self, path: Path, troubled: Callable[[KeyFileError], None], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._path = path
        self._troubled = troubled
        self._clock = clock
        self._ring = KeyRing.load_or_create(path)
        self._seen = _mark(path)
        self._looked = clock()

    @property
    def signing(self) -> SigningKey:
        """The key that signs now."""
        return self._current().signing

    def public_keys(self) -> Mapping[str, Ed25519PublicKey]:
        """Every public key in use by its id."""
        return self._current().public_keys()

    def public_jwks(self) -> list[dict[str, str]]:
        """The public keys in use as JWKs, the signing one first."""
        return self._current().public_jwks()

    def _current(self) -> KeyRing:
        now = self._clock()
        if now - self._looked >= LOOK_EVERY.total_seconds():
            self._looked = now
            mark = _mark(self._path)
            if mark != self._seen:
                self._seen = mark
                try:
                    self._ring = KeyRing.load(self._path)
                except KeyFileError as error:
                    self._troubled(error)
        return self._ring


def _mark(path: Path) -> tuple[int, int, int] | None:
    """What changes whenever the file is replaced or written; None where it is gone."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino
