"""Public keys as edges take them.

An edge whose key set is empty or holds a key that it cannot read takes the configuration and then answers every
request with 500, so only sets that are known to be good leave here.
"""

from __future__ import annotations

import json
from typing import Any

from mesh.keyring import KeyRing, public_keys_from


def checked_jwks(text: str) -> str:
    """The Ed25519 keys of a JWK set (RFC 7517, RFC 8037) in one fixed form; keys of other kinds are passed over.

    Raises ValueError where none is left, or one is broken.
    """
    try:
        document = json.loads(text)
    except ValueError as error:
        raise ValueError("not JSON, hence no JWK set") from error
    match document:
        case {"keys": [*keys]}:
            pass
        case _:
            raise ValueError("not a JWK set")
    try:
        good = public_keys_from(keys)
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise ValueError("a broken key in the JWK set") from error
    if not good:
        raise ValueError("no Ed25519 key in the JWK set")
    return _written(
        [{name: key[name] for name in ("kty", "crv", "x", "kid")} for key in keys if key.get("kid") in good]
    )


def nobodys_jwks() -> str:
    """A set with one key whose private half is thrown away: nothing verifies with it."""
    return _written(KeyRing.generate().public_jwks())


def _written(keys: list[dict[str, Any]]) -> str:
    return json.dumps({"keys": keys}, sort_keys=True, separators=(",", ":"))
