"""How services prove themselves to each other: short HS256 JWTs with the installation's shared service secret."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final

import jwt

from mesh.errors import Fault, unauthenticated
from mesh.sealing import MIN_SECRET
from vidmesh.common.v1.error_reason_pb2 import ErrorReason

ISSUER: Final = "vidmesh-services"
ALGORITHM: Final = "HS256"
LIFETIME: Final = timedelta(hours=2)
"""Renewed at its half: between machines whose clocks are up to an hour apart every token is good. Who holds the secret
can make one at any time, and the edge lets none in, so a short life would guard nothing."""


class ServiceTokens:
    """Makes this service's token and verifies those of others: iss "vidmesh-services", sub = service name.

    Raises ValueError for a secret that is too short to be one.
    """

    def __init__(self, secret: str, name: str, previous: Sequence[str] = ()) -> None:
        """`previous` secrets are still believed, while others go on with them."""
        if any(len(one) < MIN_SECRET for one in (secret, *previous)):
            raise ValueError(f"The service secret needs at least {MIN_SECRET} characters.")
        self._secret = secret
        self._believed = (secret, *previous)
        self._name = name
        self._own = ("", 0.0, 0.0)
        self._verified: dict[str, tuple[str, float]] = {}

    def own(self) -> str:
        """A token that proves this service; made anew when half of its life is over."""
        token, made, renew = self._own
        now = time.time()
        # A clock that was put back makes one anew too: by others' clocks the old one may be near its end.
        if not made <= now < renew:
            lifetime = LIFETIME.total_seconds()
            claims = {"iss": ISSUER, "sub": self._name, "iat": int(now), "exp": int(now + lifetime)}
            token = jwt.encode(claims, self._secret, algorithm=ALGORITHM)
            self._own = (token, now, now + lifetime / 2)
        return token

    def verify(self, token: str) -> str:
        """The name of the service that a token proves. Raises UNAUTHENTICATED (INVALID_TOKEN)."""
        now = time.time()
        found = self._verified.get(token)
        if found is not None and found[1] > now:
            return found[0]
        claims = self._claims(token)
        # Every token seen lives hours, and each service shows one at a time: dropping the ended ones bounds this.
        self._verified = {kept: entry for kept, entry in self._verified.items() if entry[1] > now}
        self._verified[token] = (claims["sub"], float(claims["exp"]))
        return claims["sub"]

    def _claims(self, token: str) -> dict[str, Any]:
        expired = False
        for secret in self._believed:
            try:
                claims: dict[str, Any] = jwt.decode(
                    token,
                    secret,
                    algorithms=[ALGORITHM],
                    issuer=ISSUER,
                    options={"require": ["iss", "sub", "exp"], "verify_aud": False, "verify_iat": False},
                )
            except jwt.ExpiredSignatureError:
                expired = True
            except jwt.InvalidTokenError:
                continue
            else:
                return claims
        if expired:
            raise _refusal("The service token has expired.", clock="differs")
        raise _refusal("The service token is not good.")


def _refusal(sentence: str, **more: str) -> Fault:
    return unauthenticated(ErrorReason.ERROR_REASON_INVALID_TOKEN, sentence, access="service", **more)
