"""Ed25519 keys (RFC 8032) kept as a JWK set (RFC 7517, RFC 8037) in a file that only its owner may read.

To rotate, put a new key in front: the first key signs, all of them verify. Remove the old one when the last token
that it signed has expired.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey


class KeyFileError(Exception):
    """The key file cannot be read or written, or does not hold what it should; the message names it."""


@dataclass(frozen=True, slots=True)
class SigningKey:
    """One private key and its id: the JWK thumbprint (RFC 7638), so equal keys have equal ids."""

    kid: str
    private: Ed25519PrivateKey


@dataclass(frozen=True, slots=True)
class KeyRing:
    """At least one key, the signing one first."""

    keys: tuple[SigningKey, ...]

    @classmethod
    def generate(cls) -> KeyRing:
        """A ring with one new key, kept in memory only."""
        private = Ed25519PrivateKey.generate()
        return cls((SigningKey(_thumbprint(private.public_key()), private),))

    @classmethod
    def load(cls, path: Path) -> KeyRing:
        """The keys in `path`. Raises KeyFileError."""
        try:
            entries = json.loads(path.read_text(encoding="utf-8"))["keys"]
            keys = tuple(_private_key(entry) for entry in entries)
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise KeyFileError(f"Cannot read the key file {path}: {error}") from error
        if not keys:
            raise KeyFileError(f"The key file {path} holds no key.")
        return cls(keys)

    @classmethod
    def load_or_create(cls, path: Path) -> KeyRing:
        """The keys in `path`; where there is no such file, one with a new key is made (mode 0600).

        Processes that do this at the same moment all end with the same file. Raises KeyFileError.
        """
        if not path.exists():
            _write_new(path, cls.generate())
        return cls.load(path)

    @property
    def signing(self) -> SigningKey:
        """The key that signs."""
        return self.keys[0]

    def public_keys(self) -> Mapping[str, Ed25519PublicKey]:
        """Every public key by its id."""
        return {key.kid: key.private.public_key() for key in self.keys}

    def public_jwks(self) -> list[dict[str, str]]:
        """The public keys as JWKs, the signing one first."""
        return [
            {**_public_members(key.private.public_key()), "alg": "EdDSA", "use": "sig", "kid": key.kid}
            for key in self.keys
        ]


def public_keys_from(jwks: Sequence[Mapping[str, Any]]) -> dict[str, Ed25519PublicKey]:
    """The Ed25519 keys among these JWKs by id; keys of other kinds are passed over.

    Raises ValueError for a broken one.
    """
    return {
        str(entry["kid"]): Ed25519PublicKey.from_public_bytes(_decode(str(entry["x"])))
        for entry in jwks
        if entry.get("kty") == "OKP" and entry.get("crv") == "Ed25519" and entry.get("kid")
    }


def _private_key(entry: Mapping[str, Any]) -> SigningKey:
    if entry["kty"] != "OKP" or entry["crv"] != "Ed25519":
        raise ValueError("only Ed25519 keys can sign here")
    private = Ed25519PrivateKey.from_private_bytes(_decode(entry["d"]))
    return SigningKey(str(entry.get("kid") or _thumbprint(private.public_key())), private)


def _write_new(path: Path, ring: KeyRing) -> None:
    document = {
        "keys": [
            {**public, "d": _encode(key.private.private_bytes_raw())}
            for public, key in zip(ring.public_jwks(), ring.keys, strict=True)
        ]
    }
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        scratch = Path(name)
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                json.dump(document, file, indent=2)
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


def _public_members(key: Ed25519PublicKey) -> dict[str, str]:
    return {"kty": "OKP", "crv": "Ed25519", "x": _encode(key.public_bytes_raw())}


def _thumbprint(key: Ed25519PublicKey) -> str:
    canonical = json.dumps(_public_members(key), sort_keys=True, separators=(",", ":"))
    return _encode(hashlib.sha256(canonical.encode()).digest())


def _encode(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


def _decode(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
