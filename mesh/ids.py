"""Ids of resources: UUIDv7 (RFC 9562) in general, 11 base64url characters for videos.

An id derived from a `request_id` (AIP-155) is the same each time, so that a repeated request finds what the first one
made. No id begins with `-`: it would look like an option on a command line.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import secrets
import time
import uuid
from typing import Final

VIDEO_ID_LENGTH: Final = 11


def uuid7() -> str:
    """A new UUIDv7: 48 bits of milliseconds, then 74 random bits; ids sort by their time of making."""
    milliseconds = time.time_ns() // 1_000_000
    value = (milliseconds << 80) | int.from_bytes(os.urandom(10))
    return str(uuid.UUID(int=_versioned(value, 7)))


def derived_uuid(key: bytes, principal: str, method: str, request_id: str) -> str:
    """The id of what this request makes: a UUIDv8 from HMAC-SHA-256 over who asks, what, and the request_id.

    `key` comes from `Sealer.derive`; without it ids could be guessed. A new UUIDv7 where `request_id` is empty.
    """
    if not request_id:
        return uuid7()
    digest = _digest(key, principal, method, request_id)
    return str(uuid.UUID(int=_versioned(int.from_bytes(digest[:16]), 8)))


def new_video_id() -> str:
    """A new random video id of 65.98 bits."""
    while (candidate := secrets.token_urlsafe(9)[:VIDEO_ID_LENGTH]).startswith("-"):
        pass
    return candidate


def derived_video_id(key: bytes, principal: str, method: str, request_id: str) -> str:
    """As `derived_uuid`, in the form of a video id; a new one where `request_id` is empty."""
    if not request_id:
        return new_video_id()
    attempt = _digest(key, principal, method, request_id)
    while (candidate := base64.urlsafe_b64encode(attempt)[:VIDEO_ID_LENGTH].decode()).startswith("-"):
        attempt = hmac.digest(key, attempt, hashlib.sha256)
    return candidate


def _digest(key: bytes, *parts: str) -> bytes:
    # The lengths in front keep ("ab", "c") and ("a", "bc") apart.
    framed = b"".join(len(part.encode()).to_bytes(4) + part.encode() for part in parts)
    return hmac.digest(key, framed, hashlib.sha256)


def _versioned(value: int, version: int) -> int:
    value &= ~((0xF << 76) | (0x3 << 62))
    return value | (version << 76) | (0x2 << 62)
