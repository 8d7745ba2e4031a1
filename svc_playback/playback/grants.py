"""Grants that were signed, remembered: viewers of one video within the same seconds get the same one."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from mesh.grants import GrantSigner
from mesh.keyring import Keys

MOST: Final = 10_000
"""Videos whose latest grant is remembered, about half a kB each."""


@dataclass(frozen=True, slots=True)
class _Signed:
    kid: str
    access_epoch: int
    expires: datetime
    token: str


class Grants:
    """Gives grants for everything of a video. A grant names nobody, so one may serve many.

    What is remembered is given again only for the same epoch, end and key. So a revocation, which raises the epoch,
    and a key that is no longer to sign take effect at once.
    """

    def __init__(self, signer: GrantSigner, keys: Keys, most: int = MOST) -> None:
        """`keys` are those that `signer` signs with."""
        self._signer = signer
        self._keys = keys
        self._most = most
        self._signed: OrderedDict[str, _Signed] = OrderedDict()

    def token(self, video_id: str, access_epoch: int, expires: datetime) -> str:
        """As `GrantSigner.mint`."""
        kid = self._keys.signing.kid
        known = self._signed.get(video_id)
        if known is not None and known.access_epoch == access_epoch and known.expires == expires and known.kid == kid:
            self._signed.move_to_end(video_id)
            return known.token
        token = self._signer.mint(video_id, access_epoch, expires)
        self._signed[video_id] = _Signed(kid, access_epoch, expires, token)
        self._signed.move_to_end(video_id)
        while len(self._signed) > self._most:
            self._signed.popitem(last=False)
        return token

    def public_jwks(self) -> list[dict[str, str]]:
        """The keys that grants in use may be signed with, as JWKs for the edges."""
        return self._signer.public_jwks()
