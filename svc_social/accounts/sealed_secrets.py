"""Secrets that are given out once and presented later: 256 random bits behind the id of whose they are, sealed.

The seal says without a look into the tables whether this installation gave a secret out; the tables hold its SHA-256
hash alone. Pure, but for the random bits.
"""

from __future__ import annotations

import hashlib
import secrets
import uuid
from dataclasses import dataclass
from typing import Final

from mesh.sealing import Sealer

SECRET_BYTES: Final = 32
_UUID_BYTES: Final = 16


@dataclass(frozen=True, slots=True)
class SealedSecret:
    """A secret as somebody holds it, whose it is, and what of it is stored."""

    owner_id: str
    text: str
    hash: bytes

    def __repr__(self) -> str:
        """Without the secret itself."""
        return f"SealedSecret(of {self.owner_id})"


def new_secret(sealer: Sealer, purpose: str, owner_id: str) -> SealedSecret:
    """A fresh one; `owner_id` is a UUID."""
    payload = uuid.UUID(owner_id).bytes + secrets.token_bytes(SECRET_BYTES)
    return SealedSecret(owner_id, sealer.seal(purpose, payload), _hash(payload))


def read_secret(sealer: Sealer, purpose: str, text: str) -> SealedSecret | None:
    """The one that somebody sent; None where it was never given out for this purpose by this installation."""
    payload = sealer.open(purpose, text)
    if payload is None or len(payload) != _UUID_BYTES + SECRET_BYTES:
        return None
    return SealedSecret(str(uuid.UUID(bytes=payload[:_UUID_BYTES])), text, _hash(payload))


def _hash(payload: bytes) -> bytes:
    return hashlib.sha256(payload).digest()
