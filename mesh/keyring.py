"""Ed25519 keys (RFC 8032) kept as a JWK set (RFC 7517, RFC 8037), which follow the clock.

A key signs from `vidmesh:sign_from` on, until another one has begun, and verifies until `vidmesh:retire_at`; both are
seconds since 1970 and may be missing: from ever, for ever. So one change of the file rotates: the new key is
published at once, signs when everybody has had time to fetch it, and the old one goes when the last token that it
signed has expired (`mesh.key_rotation`). Where several may sign, the one that began last does, and of those that began
together the first.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Protocol

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

SIGN_FROM: Final = "vidmesh:sign_from"
RETIRE_AT: Final = "vidmesh:retire_at"


class KeyFileError(Exception):
    """The key file cannot be read or written, or does not hold what it should; the message names it."""


@dataclass(frozen=True, slots=True)
class SigningKey:
    """One private key and its id: the JWK thumbprint (RFC 7638), so equal keys have equal ids."""

    kid: str
    private: Ed25519PrivateKey
    sign_from: float | None = None
    """From when on it signs; None for ever since."""
    retire_at: float | None = None
    """Until when tokens that it signed are believed; None for ever."""

    def __repr__(self) -> str:
        """Without the key itself."""
        return f"SigningKey({self.kid})"

    @classmethod
    def generate(cls, sign_from: float | None = None) -> SigningKey:
        """A new random key."""
        private = Ed25519PrivateKey.generate()
        return cls(_thumbprint(private.public_key()), private, sign_from)

    def is_retired(self, now: float) -> bool:
        """Whether nothing that it signed can be good any more."""
        return self.retire_at is not None and self.retire_at <= now


class Keys(Protocol):
    """Keys to sign with and to verify by, as they are at this moment."""

    @property
    def signing(self) -> SigningKey:
        """The key that signs now."""
        ...

    def public_keys(self) -> Mapping[str, Ed25519PublicKey]:
        """Every public key that tokens in use may be signed with, by its id."""
        ...

    def public_jwks(self) -> list[dict[str, str]]:
        """The same as JWKs, the signing one first."""
        ...


@dataclass(frozen=True, slots=True)
class KeyRing:
    """At least one key, in the order of the file."""

    keys: tuple[SigningKey, ...]
    _jwks: Mapping[str, dict[str, str]] = field(init=False, repr=False, compare=False)
    """The public halves by id: made once, for they are asked for with every call of GetJwks."""

    def __post_init__(self) -> None:
        """Computes what does not change."""
        object.__setattr__(self, "_jwks", {key.kid: _public_jwk(key) for key in self.keys})

    @classmethod
    def generate(cls) -> KeyRing:
        """A ring with one new key, kept in memory only."""
        return cls((SigningKey.generate(),))

    @classmethod
    def load(cls, path: Path) -> KeyRing:
        """The keys in `path`. Raises KeyFileError."""
        try:
            return ring_from(path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise KeyFileError(f"Cannot read the key file {path}: {error}") from error

    @classmethod
    def load_or_create(cls, path: Path) -> KeyRing:
        """The keys in `path`; where there is no such file, one with a new key is made (mode 0600).

        Processes that do this at the same moment all end with the same file. Raises KeyFileError.
        """
        if not path.exists():
            _write_new(path, document_of(cls.generate()))
        return cls.load(path)

    @property
    def signing(self) -> SigningKey:
        """The key that signs now."""
        return self.signing_at(time.time())

    def signing_at(self, now: float) -> SigningKey:
        """The key that signs at this time (seconds since 1970).

        Where no key may sign yet, or none any more, the first does: nobody is locked out by a clock that is wrong.
        """
        begun = [key for key in self.keys if (key.sign_from or 0) <= now and not key.is_retired(now)]
        return max(begun, key=lambda key: key.sign_from or 0, default=self.keys[0])

    def published(self, now: float) -> tuple[SigningKey, ...]:
        """Keys that tokens in use at this time may be signed with, the signing one first, then those of the future."""
        signing = self.signing_at(now)
        return (signing, *(key for key in self.keys if key is not signing and not key.is_retired(now)))

    def public_keys(self) -> Mapping[str, Ed25519PublicKey]:
        """Every public key in use by its id."""
        return {key.kid: key.private.public_key() for key in self.published(time.time())}

    def public_jwks(self) -> list[dict[str, str]]:
        """The public keys in use as JWKs, the signing one first."""
        return [dict(self._jwks[key.kid]) for key in self.published(time.time())]


def ring_from(document: str) -> KeyRing:
    """The keys in the text of a JWK set. Raises ValueError for what is none, or holds other keys than Ed25519."""
    try:
        keys = tuple(_private_key(entry) for entry in json.loads(document)["keys"])
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"it is no JWK set of private keys: {error}") from error
    if not keys:
        raise ValueError("it holds no key")
    return KeyRing(keys)


def document_of(ring: KeyRing) -> str:
    """The JWK set that `ring_from` reads, private keys included."""
    return json.dumps({"keys": [_private_jwk(key) for key in ring.keys]}, indent=2) + "\n"


def public_keys_from(jwks: Sequence[Mapping[str, Any]]) -> dict[str, Ed25519PublicKey]:
    """The Ed25519 keys among these JWKs by id; keys of other kinds are passed over.

    Raises ValueError for a broken one.
    """
    return {
        str(entry["kid"]): Ed25519PublicKey.from_public_bytes(_decode(str(entry["x"])))
        for entry in jwks
        if entry.get("kty") == "OKP" and entry.get("crv") == "Ed25519" and entry.get("kid")
    }


def _write_new(path: Path, document: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        scratch = Path(name)
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                file.write(document)
                file.flush()
                os.fsync(file.fileno())
            # A hard link, unlike a rename, fails where another process was first: then its keys are the keys.
            path.hardlink_to(scratch)
        except FileExistsError:
            pass
        finally:
            scratch.unlink()
    except OSError as error:
        raise KeyFileError(f"Cannot write the key file {path}: {error}") from error


def _private_key(entry: Mapping[str, Any]) -> SigningKey:
    if entry["kty"] != "OKP" or entry["crv"] != "Ed25519":
        raise ValueError("only Ed25519 keys can sign here")
    private = Ed25519PrivateKey.from_private_bytes(_decode(entry["d"]))
    kid = str(entry.get("kid") or _thumbprint(private.public_key()))
    return SigningKey(kid, private, _time(entry.get(SIGN_FROM)), _time(entry.get(RETIRE_AT)))


def _time(value: object) -> float | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError("a time is a number of seconds")  # noqa: TRY004 (the file is wrong, not the programme)
    return float(value)


def _private_jwk(key: SigningKey) -> dict[str, object]:
    times = {SIGN_FROM: key.sign_from, RETIRE_AT: key.retire_at}
    private = {"d": _encode(key.private.private_bytes_raw())}
    return {**_public_jwk(key), **private, **{name: value for name, value in times.items() if value is not None}}


def _public_jwk(key: SigningKey) -> dict[str, str]:
    return {**_public_members(key.private.public_key()), "alg": "EdDSA", "use": "sig", "kid": key.kid}


def _public_members(key: Ed25519PublicKey) -> dict[str, str]:
    return {"kty": "OKP", "crv": "Ed25519", "x": _encode(key.public_bytes_raw())}


def _thumbprint(key: Ed25519PublicKey) -> str:
    canonical = json.dumps(_public_members(key), sort_keys=True, separators=(",", ":"))
    return _encode(hashlib.sha256(canonical.encode()).digest())


def _encode(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


def _decode(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
