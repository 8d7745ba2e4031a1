"""Signed addresses of the pictures shown for videos."""

from __future__ import annotations

from collections import OrderedDict
from datetime import datetime
from typing import Final

from mesh.grants import GrantScope, GrantSigner, media_url, picture_expiry
from svc_upload.videos.domain import VideoRecord
from vidmesh.upload.v1.video_pb2 import Thumbnail

REMEMBERED: Final = 20_000


class Pictures:
    """Mints grants for pictures, and remembers them: signing costs more than the rest of a list."""

    def __init__(self, signer: GrantSigner) -> None:
        self._signer = signer
        self._tokens: OrderedDict[tuple[str, int, datetime], str] = OrderedDict()

    def thumbnail(self, record: VideoRecord, now: datetime) -> Thumbnail | None:
        """The picture with an address that is good for one to two hours; None where there is none yet."""
        if record.still is None:
            return None
        key = (record.video_id, record.access_epoch, picture_expiry(now))
        if (token := self._tokens.get(key)) is None:
            token = self._signer.mint(*key, GrantScope.PICTURES)
            self._tokens[key] = token
            while len(self._tokens) > REMEMBERED:
                self._tokens.popitem(last=False)
        url = media_url("", token, record.video_id, record.still.path)
        return Thumbnail(url=url, width=record.still.width, height=record.still.height)
