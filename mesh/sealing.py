"""Opaque tokens that only this installation can make: authenticated by HMAC-SHA-256 (RFC 2104), not encrypted.

What is inside can be read by whoever holds the token, so nothing secret goes in.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Sequence
from typing import Final

TAG_BYTES: Final = 32
MIN_SECRET: Final = 32
"""Characters that a secret must have at least."""


class Sealer:
    """Seals and opens tokens with keys derived from one installation-wide secret.

    Each purpose has a key of its own, so a token sealed for one purpose is refused for every other.
    Raises ValueError for a secret that is too short to be one.
    """

    def __init__(self, secret: str, previous: Sequence[str] = ()) -> None:
        """What `previous` secrets sealed is still opened; nothing is derived from them."""
        if any(len(one) < MIN_SECRET for one in (secret, *previous)):
            raise ValueError(f"The sealing secret needs at least {MIN_SECRET} characters.")
        self._secret = secret.encode()
        self._believed = tuple(one.encode() for one in (secret, *previous))
        self._derived: dict[str, bytes] = {}

    def derive(self, purpose: str) -> bytes:
        """A 32-byte key for this purpose: HMAC(secret, purpose)."""
        # Purposes are few, and each is asked for with every call.
        if (key := self._derived.get(purpose)) is None:
            key = self._derived[purpose] = _derived(self._secret, purpose)
        return key

    def seal_bytes(self, purpose: str, payload: bytes) -> bytes:
        """The payload with its tag in front."""
        return hmac.digest(self.derive(purpose), payload, hashlib.sha256) + payload

    def open_bytes(self, purpose: str, sealed: bytes) -> bytes | None:
        """The payload, or None where it was not sealed here for this purpose or was altered."""
        tag, payload = sealed[:TAG_BYTES], sealed[TAG_BYTES:]
        for secret in self._believed:
            if hmac.compare_digest(tag, hmac.digest(_derived(secret, purpose), payload, hashlib.sha256)):
                return payload
        return None

    def seal(self, purpose: str, payload: bytes) -> str:
        """The same as text: base64url without padding."""
        return base64.urlsafe_b64encode(self.seal_bytes(purpose, payload)).rstrip(b"=").decode()

    def open(self, purpose: str, token: str) -> bytes | None:
        """The payload of a token from `seal`, or None as for `open_bytes`."""
        try:
            sealed = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
        except (binascii.Error, ValueError):
            return None
        return self.open_bytes(purpose, sealed)


def _derived(secret: bytes, purpose: str) -> bytes:
    return hmac.digest(secret, purpose.encode(), hashlib.sha256)
