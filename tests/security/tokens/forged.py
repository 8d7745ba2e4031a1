"""Access tokens that nobody gave, and grants that nobody gave for this."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from mesh.keyring import KeyRing, SigningKey

LONG: Final = 8 << 10
HOUR: Final = 3600


@dataclass(frozen=True, slots=True)
class Good:
    """A token that is good, in its pieces, and the key that signed it."""

    token: str
    key: SigningKey
    other_key: SigningKey
    """Of the same installation, for the other kind of token."""

    @property
    def header(self) -> dict[str, Any]:
        return jwt.get_unverified_header(self.token)

    @property
    def claims(self) -> dict[str, Any]:
        return jwt.decode(self.token, options={"verify_signature": False})

    @property
    def public(self) -> bytes:
        """The key that everybody knows."""
        return self.key.private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)

    @property
    def pem(self) -> bytes:
        return self.key.private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


Forge = Callable[[Good], str]


def keys(file: Path) -> SigningKey:
    """The key that an installation signs with now."""
    return KeyRing.load(file).signing


def coded(value: object) -> str:
    data = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def signed(good: Good, claims: dict[str, Any], header: dict[str, Any] | None = None, key: Any = None) -> str:
    """By the right key, unless it is told another."""
    body = f"{coded({**good.header, **(header or {})})}.{coded(claims)}"
    return f"{body}.{coded((key or good.key.private).sign(body.encode()))}"


def unsigned(good: Good, algorithm: str, signature: bytes = b"") -> str:
    """With an algorithm that needs no key."""
    return f"{coded({**good.header, 'alg': algorithm})}.{coded(good.claims)}.{coded(signature)}"


def by_secret(good: Good, secret: bytes, **header: Any) -> str:
    """HS256 with what the verifier holds, or thinks that it holds, as the secret."""
    body = f"{coded({**good.header, 'alg': 'HS256', **header})}.{coded(good.claims)}"
    return f"{body}.{coded(hmac.digest(secret, body.encode(), hashlib.sha256))}"


def said(**claims: Any) -> Forge:
    """With other claims, rightly signed."""
    return lambda good: signed(good, {**good.claims, **claims})


def without(name: str) -> Forge:
    return lambda good: signed(good, {key: value for key, value in good.claims.items() if key != name})


def by_stranger(**header: Any) -> Forge:
    """Signed by a key of the forger's own, with a header that says where to find it."""
    return lambda good: signed(good, good.claims, header, Ed25519PrivateKey.generate())


def with_own_key(good: Good) -> str:
    mine = Ed25519PrivateKey.generate()
    public = mine.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    jwk = {"kty": "OKP", "crv": "Ed25519", "x": coded(public), "kid": "mine"}
    return signed(good, good.claims, {"jwk": jwk, "kid": "mine"}, mine)


def body_changed(good: Good) -> str:
    """Another account under a good signature."""
    head, _, signature = good.token.split(".")
    return f"{head}.{coded({**good.claims, 'sub': '00000000-0000-4000-8000-000000000000', 'pfx': '/'})}.{signature}"


def signature_changed(good: Good) -> str:
    head, body, signature = good.token.split(".")
    return f"{head}.{body}.{'B' if signature[0] == 'A' else 'A'}{signature[1:]}"


ANY: Final[dict[str, Forge]] = {
    "one that is over": lambda good: signed(good, {**good.claims, "iat": 1, "exp": int(time.time()) - HOUR}),
    "one that never ends": without("exp"),
    "an end that is no time": said(exp="tomorrow"),
    "another body": body_changed,
    "another signature": signature_changed,
    "half a signature": lambda good: good.token[:-20],
    "no signature": lambda good: good.token.rsplit(".", 1)[0] + ".",
    "two parts": lambda good: good.token.rsplit(".", 1)[0],
    "four parts": lambda good: f"{good.token}.AAAA",
    "alg none": lambda good: unsigned(good, "none"),
    "alg NoNe": lambda good: unsigned(good, "NoNe"),
    "alg none, signed": lambda good: unsigned(good, "none", good.token.rsplit(".", 1)[1].encode()),
    "no alg": lambda good: unsigned(good, ""),
    "HS256 with the public key": lambda good: by_secret(good, good.public),
    "HS256 with the public key as PEM": lambda good: by_secret(good, good.pem),
    "HS256 with nothing": lambda good: by_secret(good, b""),
    "kid as a path": lambda good: by_secret(good, b"", kid="../../../../../../dev/null"),
    "kid as a path to the keys": by_stranger(kid="/secrets/access_keys.json"),
    "kid as an address": by_stranger(kid="http://127.0.0.1:1/keys.json"),
    "kid as SQL": lambda good: by_secret(good, b"secret", kid="' UNION SELECT 'secret' --"),
    "kid as a list": by_stranger(kid=["a"]),
    "kid as a number": by_stranger(kid=1),
    "no kid known": by_stranger(kid="nobody"),
    "a key at an address": by_stranger(jku="http://127.0.0.1:1/keys.json", x5u="http://127.0.0.1:1/keys.pem"),
    "a key in the header": with_own_key,
    "a stranger's key under our kid": by_stranger(),
    "another issuer": said(iss="https://elsewhere.example"),
    "no issuer": without("iss"),
    "the installation's other key": lambda good: signed(
        good, good.claims, {"kid": good.other_key.kid}, good.other_key.private
    ),
    "the other key under our kid": lambda good: signed(good, good.claims, key=good.other_key.private),
    "claims that are a list": lambda good: signed(good, []),  # type: ignore[arg-type]  # what is wrong is the point
    "claims that are no JSON": lambda good: f"{good.token.split('.')[0]}.{coded(b'{')}.{good.token.split('.')[2]}",
    "eight thousand letters": lambda _: "A" * LONG,
    "parts of eight thousand letters": lambda _: f"{'A' * LONG}.{'A' * LONG}.{'A' * 86}",
}
"""Forgeries of either kind of token."""

ACCESS: Final[dict[str, Forge]] = {
    **ANY,
    "nobody": without("sub"),
    "an empty account": said(sub=""),
    "an account that is a number": said(sub=7),
    "no session": without("sid"),
    "a session that is a list": said(sid=["a"]),
    "no role": without("role"),
    "a role that there is not": said(role="emperor"),
    "a role that is a number": said(role=2),
    "no time of issue": without("iat"),
    "scopes that are no list": said(scp="read"),
}
"""Forged access tokens."""

GRANTS: Final[dict[str, Forge]] = {
    **ANY,
    "no path": without("pfx"),
    "every path": said(pfx="/"),
    "the path of every video": said(pfx="/media/v/"),
    "a path that is a list": said(pfx=["/media/v/"]),
    "another video's path": said(pfx="/media/v/AAAAAAAAAAA/"),
    "nothing to be taken back by": without("acc"),
    "nothing to be taken back by, in words": said(acc=""),
    "several things to be taken back by": lambda good: signed(good, {**good.claims, "acc": [good.claims["acc"]]}),
}
"""Forged grants. Those that are rightly signed show what the edge does with each claim."""
