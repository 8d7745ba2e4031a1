"""Rotating the keys of a ring without refusing anybody. Pure: processes that hold the file follow the clock."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from enum import Enum

from mesh.keyring import KeyRing, SigningKey


class KeyState(Enum):
    """What a key is for at some moment."""

    UPCOMING = "published, and signs later"
    SIGNING = "signs"
    VERIFYING = "verifies what it signed before"
    RETIRED = "of no use any more"


class UnderWay(Exception):  # noqa: N818 (it is no error of the programme)
    """A new key is published already and has not begun to sign."""


def rotated(ring: KeyRing, now: float, after: timedelta, longest: timedelta) -> KeyRing:
    """The ring with a new key that signs from `now + after` on.

    `after` is the time for everybody to fetch it; the key before it is believed until the last token that it can
    sign, which lives `longest`, has expired. Retired keys are left out. Raises UnderWay.
    """
    kept = [key for key in ring.keys if not key.is_retired(now)]
    if any((key.sign_from or 0) > now for key in kept):
        raise UnderWay
    sign_from = now + after.total_seconds()
    retire_at = sign_from + longest.total_seconds()
    followed = [key if key.retire_at is not None else replace(key, retire_at=retire_at) for key in kept]
    return KeyRing((*followed, SigningKey.generate(sign_from)))


def replaced(now: float) -> KeyRing:
    """A ring with one new key that signs at once: what others signed is believed no more. For keys that leaked."""
    return KeyRing((SigningKey.generate(now),))


def state_of(ring: KeyRing, key: SigningKey, now: float) -> KeyState:
    """What this key of the ring is for at this time."""
    if key.is_retired(now):
        return KeyState.RETIRED
    if ring.signing_at(now) is key:
        return KeyState.SIGNING
    return KeyState.UPCOMING if (key.sign_from or 0) > now else KeyState.VERIFYING
