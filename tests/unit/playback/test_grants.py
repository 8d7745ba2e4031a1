"""Grants that are given again, and those that must not be."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from mesh.grants import GrantSigner
from mesh.keyring import KeyRing, SigningKey
from svc_playback.playback.grants import Grants

VIDEO, OTHER = "abcdefghijk", "lmnopqrstuv"
END = datetime(2030, 1, 1, tzinfo=UTC)


class Rotating:
    """Keys of which another can be made to sign; counts what is signed."""

    def __init__(self) -> None:
        self.ring = KeyRing.generate()

    @property
    def signing(self) -> SigningKey:
        return self.ring.signing

    def public_keys(self) -> Mapping[str, Ed25519PublicKey]:
        return self.ring.public_keys()

    def public_jwks(self) -> list[dict[str, str]]:
        return self.ring.public_jwks()


class Counting(GrantSigner):
    """Signs, and counts."""

    signed = 0

    def mint(self, *what: object, **more: object) -> str:
        self.signed += 1
        return super().mint(*what, **more)  # type: ignore[arg-type]


def grants(most: int = 10) -> tuple[Grants, Counting, Rotating]:
    keys = Rotating()
    signer = Counting(keys)
    return Grants(signer, keys, most), signer, keys


def claims(token: str) -> dict[str, object]:
    return jwt.decode(token, options={"verify_signature": False})


def test_viewers_of_the_same_seconds_get_one_grant_that_was_signed_once() -> None:
    given, signer, _ = grants()
    assert len({given.token(VIDEO, 4, END) for _ in range(100)}) == 1
    assert signer.signed == 1


def test_a_raised_epoch_is_in_the_next_grant() -> None:
    given, _, _ = grants()
    given.token(VIDEO, 4, END)
    assert claims(given.token(VIDEO, 5, END))["acc"] == f"{VIDEO}.5"
    assert claims(given.token(VIDEO, 4, END))["acc"] == f"{VIDEO}.4"


def test_each_grant_is_of_its_own_video_and_ends_when_it_was_asked_to() -> None:
    given, _, _ = grants()
    for video in (VIDEO, OTHER):
        for end in (END, END + timedelta(seconds=1)):
            found = claims(given.token(video, 1, end))
            assert (found["pfx"], found["exp"]) == (f"/media/v/{video}/", int(end.timestamp()))


def test_a_key_that_no_longer_signs_is_in_no_further_grant() -> None:
    given, _, keys = grants()
    first = given.token(VIDEO, 1, END)
    keys.ring = KeyRing.generate()
    assert jwt.get_unverified_header(given.token(VIDEO, 1, END))["kid"] == keys.signing.kid
    assert given.token(VIDEO, 1, END) != first


def test_what_was_asked_for_least_recently_is_forgotten_first() -> None:
    given, signer, _ = grants(most=2)
    for video in (VIDEO, OTHER, VIDEO, "wxyzwxyzwxy"):
        given.token(video, 1, END)
    assert signer.signed == 3
    given.token(VIDEO, 1, END)
    assert signer.signed == 3
    given.token(OTHER, 1, END)
    assert signer.signed == 4
