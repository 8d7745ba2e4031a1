"""Grants: the signed word in the path of every media URL, which the edge verifies without asking anybody.

A grant is an EdDSA JWT with `iss "vidmesh-media"`, `exp`, `pfx` (the path below which it opens things) and `acc`
("<video_id>.<access_epoch>", what a revocation names). It stands in the URL as

    <edge>/media/~<token>/v/<video_id>/<path>

and the edge, having stripped it, reads the object `v/<video_id>/<path>` of the media bucket.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from enum import Enum
from typing import Final

import jwt

from mesh.keyring import Keys

ISSUER: Final = "vidmesh-media"
ALGORITHM: Final = "EdDSA"
PICTURE_LIFETIME_MAX: Final = timedelta(hours=2)
"""The longest life of a grant for pictures alone, whatever the configuration says of others."""
VIDEO_ID: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_-]{10}")


class GrantScope(Enum):
    """What of a video a grant opens: the folder below the video's own."""

    EVERYTHING = ""
    """Manifests, segments and pictures."""
    PICTURES = "t/"
    """Stills alone, for lists of videos."""


class GrantSigner:
    """Signs grants with the keys of a ring, which must not be that of the access tokens."""

    def __init__(self, keys: Keys) -> None:
        self._keys = keys

    def mint(
        self, video_id: str, access_epoch: int, expires: datetime, scope: GrantScope = GrantScope.EVERYTHING
    ) -> str:
        """A token for one video's media until `expires` (with a time zone; whole seconds).

        Raises ValueError for what is not a video id: an empty or strange one would open more than one video.
        """
        if not VIDEO_ID.fullmatch(video_id):
            raise ValueError("not a video id")
        claims = {
            "iss": ISSUER,
            "exp": int(expires.timestamp()),
            "pfx": f"/media/v/{video_id}/{scope.value}",
            "acc": access_key(video_id, access_epoch),
        }
        key = self._keys.signing
        return jwt.encode(claims, key.private, algorithm=ALGORITHM, headers={"kid": key.kid})

    def public_jwks(self) -> list[dict[str, str]]:
        """The keys that grants in use may be signed with, as JWKs for the edges."""
        return self._keys.public_jwks()


def picture_expiry(now: datetime) -> datetime:
    """A whole hour, at least one hour away: equal addresses for an hour let browsers and caches keep pictures."""
    hour = now.replace(minute=0, second=0, microsecond=0)
    return hour + (PICTURE_LIFETIME_MAX if now > hour else timedelta(hours=1))


def access_key(video_id: str, access_epoch: int) -> str:
    """The `acc` claim: revoking it ends every grant of this video that was minted in this epoch."""
    return f"{video_id}.{access_epoch}"


def media_url(edge_url: str, token: str, video_id: str, path: str) -> str:
    """The address of the object `v/<video_id>/<path>` at an edge; relative URLs in manifests keep the token."""
    return f"{edge_url.rstrip('/')}/media/~{token}/v/{video_id}/{path}"
