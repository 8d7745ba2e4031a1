"""Who calls: access tokens of people (EdDSA JWT, RFC 7519, RFC 8037), and the metadata that carries identity.

AccountService signs with `AccessTokenSigner`; every service verifies for itself with `AccessTokenVerifier`.
Services prove themselves to each other with `mesh.service_tokens`.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Protocol, cast

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from mesh.call import Principal
from mesh.errors import Fault, unauthenticated
from mesh.keyring import Keys
from vidmesh.common.v1.error_reason_pb2 import ErrorReason
from vidmesh.options.v1.options_pb2 import Scope
from vidmesh.social.v1.account_pb2 import Role

AUTHORIZATION: Final = "authorization"
SERVICE_TOKEN: Final = "x-vidmesh-service"  # noqa: S105 (the name of a header)
COUNTRY: Final = "x-vidmesh-country"
EDGE: Final = "x-vidmesh-edge"
ADDRESS: Final = "x-vidmesh-address"
"""The IP address of the client, as the edge sees it."""

LEEWAY: Final = timedelta(seconds=60)
"""How far the clocks of two machines may differ; as much as Envoy allows where it is not told."""
CLOCKS_APART: Final = timedelta(hours=1)
"""How far a clock may be wrong, which costs service but must cost no safety: what was signed by one that was ahead
lives for so much longer, and is to be refused for so much longer once it was ended."""
API_TOKEN_LIFETIME_MAX: Final = timedelta(days=366)
"""The longest life of an API token, which is contract: a key is believed for as long after it has signed the last."""
REMEMBERED: Final = 4096
"""Verified tokens kept, so that a signature is checked once and not at every call."""
REMEMBERED_FOR: Final = timedelta(minutes=5)
"""A signature is checked again after this long: API tokens live long, and the key of one may have been withdrawn."""
ALGORITHM: Final = "EdDSA"


class KeySource(Protocol):
    """Where public keys come from."""

    async def key(self, kid: str) -> Ed25519PublicKey | None:
        """The key with this id; None where the issuer has none. Raises UNAVAILABLE where it cannot be asked."""
        ...


class OwnKeys:
    """The keys that this process holds itself: the issuer's own source."""

    def __init__(self, keys: Keys) -> None:
        self._keys = keys

    async def key(self, kid: str) -> Ed25519PublicKey | None:
        """The key with this id, or None."""
        return self._keys.public_keys().get(kid)


@dataclass(frozen=True, slots=True)
class AccessToken:
    """What a sign-in gives, or what a person made as an API token."""

    token: str = field(repr=False)
    expire_time: datetime
    """When it stops working; UTC, whole seconds."""


class AccessTokenSigner:
    """Signs access tokens: claims iss, sub (account), sid (session or API token), role, iat, exp, and scp in API
    tokens."""

    def __init__(self, keys: Keys, issuer: str, lifetime: timedelta) -> None:
        self._keys = keys
        self._issuer = issuer
        self._lifetime = lifetime

    def mint(self, principal: Principal, now: datetime | None = None, lifetime: timedelta | None = None) -> AccessToken:
        """A token that proves this principal until `lifetime`, by default that of sign-ins, has passed.

        One with scopes that do not hold ADMINISTER proves a member, whoever the account is.
        """
        issued = int((now or datetime.now(UTC)).timestamp())
        expires = issued + int((lifetime or self._lifetime).total_seconds())
        claims: dict[str, Any] = {
            "iss": self._issuer,
            "sub": principal.account_id,
            "sid": principal.session_id,
            "role": role_claim(_role_in(principal)),
            "iat": issued,
            "exp": expires,
        }
        if principal.scopes is not None:
            claims["scp"] = sorted(scope_claim(scope) for scope in principal.scopes)
        key = self._keys.signing
        token = jwt.encode(claims, key.private, algorithm=ALGORITHM, headers={"kid": key.kid})
        return AccessToken(token, datetime.fromtimestamp(expires, UTC))


class AccessTokenVerifier:
    """Turns an access token into the principal it proves.

    `iat` must be there and is compared with no clock. RFC 7519 (4.1.6) gives it to tell a token's age, and has `nbf`
    for a time before which one is not good; RFC 8725 asks for no more. Only a holder of the key could sign a time that
    is to come, and could as well sign another; while the issuer's clock may be ahead of ours (`CLOCKS_APART`).
    """

    def __init__(self, keys: KeySource, issuer: str) -> None:
        self._keys = keys
        self._issuer = issuer
        self._verified: dict[str, tuple[Principal, float]] = {}

    def remembered(self, token: str) -> Principal | None:
        """The principal of a token that was verified minutes ago and has not expired; None asks for `verify`."""
        found = self._verified.get(token)
        if found is None or found[1] <= time.time():
            return None
        return found[0]

    async def verify(self, token: str) -> Principal:
        """The principal. Raises UNAUTHENTICATED (INVALID_TOKEN); UNAVAILABLE where the keys cannot be had."""
        if principal := self.remembered(token):
            return principal
        self._verified.pop(token, None)
        claims = await self._claims(token)
        role = ROLES.get(claims["role"])
        if role is None or not claims["sub"]:
            raise _refusal("The access token is not ours.")
        scopes = _scopes(claims["scp"]) if "scp" in claims else None
        principal = Principal(account_id=claims["sub"], session_id=claims["sid"], role=role, scopes=scopes)
        if len(self._verified) >= REMEMBERED:
            del self._verified[next(iter(self._verified))]
        self._verified[token] = (principal, min(float(claims["exp"]), time.time() + REMEMBERED_FOR.total_seconds()))
        return principal

    async def _claims(self, token: str) -> dict[str, Any]:
        try:
            kid = jwt.get_unverified_header(token).get("kid")
        except jwt.InvalidTokenError:
            raise _refusal("The access token is malformed.") from None
        key = await self._keys.key(kid) if isinstance(kid, str) else None
        if key is None:
            raise _refusal("The access token was signed by an unknown key.")
        try:
            claims: dict[str, Any] = jwt.decode(
                token,
                key,
                algorithms=[ALGORITHM],
                issuer=self._issuer,
                leeway=LEEWAY,
                options={
                    "require": ["iss", "sub", "sid", "role", "iat", "exp"],
                    "verify_aud": False,
                    "verify_iat": False,
                },
            )
        except jwt.ExpiredSignatureError:
            raise _refusal("The access token has expired.") from None
        except jwt.InvalidTokenError:
            raise _refusal("The access token is not ours.") from None
        if not all(isinstance(claims[name], str) for name in ("sub", "sid", "role")):
            raise _refusal("The access token is not ours.")
        return claims


ROLES: Final[Mapping[str, Role.ValueType]] = {
    "member": Role.ROLE_MEMBER,
    "administrator": Role.ROLE_ADMINISTRATOR,
}
"""Values of the `role` claim."""


SCOPES: Final[Mapping[str, Scope.ValueType]] = {
    "read": Scope.SCOPE_READ,
    "upload": Scope.SCOPE_UPLOAD,
    "manage": Scope.SCOPE_MANAGE,
    "administer": Scope.SCOPE_ADMINISTER,
}
"""Values in the `scp` claim."""


def scope_claim(scope: Scope.ValueType) -> str:
    """The value in the `scp` claim; empty for SCOPE_UNSPECIFIED, which no token carries."""
    return next((name for name, value in SCOPES.items() if value == scope), "")


def role_claim(role: Role.ValueType) -> str:
    """The value of the `role` claim; raises KeyError for a role that no account has."""
    return next(name for name, value in ROLES.items() if value == role)


def bearer_token(header: str) -> str:
    """The token in an `authorization` value (RFC 6750). Raises UNAUTHENTICATED (INVALID_TOKEN) for another scheme."""
    scheme, _, token = header.partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise _refusal("The authorization header is not of the form `Bearer TOKEN`.")
    return token.strip()


def _scopes(claim: object) -> frozenset[Scope.ValueType]:
    names = cast("list[object]", claim) if isinstance(claim, list) else None
    if names is None or not all(isinstance(name, str) for name in names):
        raise _refusal("The access token is not ours.")
    # A scope that only a newer version knows lets nobody do anything here.
    return frozenset(value for name, value in SCOPES.items() if name in names)


def _role_in(principal: Principal) -> Role.ValueType:
    if principal.scopes is not None and Scope.SCOPE_ADMINISTER not in principal.scopes:
        return Role.ROLE_MEMBER
    return principal.role


def _refusal(sentence: str) -> Fault:
    return unauthenticated(ErrorReason.ERROR_REASON_INVALID_TOKEN, sentence)
