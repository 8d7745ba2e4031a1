"""Making a channel: its handle is claimed, then its own row decides. `claims/domain.py` says why this is safe."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Final

from mesh.errors import already_exists, contention
from svc_social.channels.domain import ChannelRecord
from svc_social.channels.store import ChannelStore
from svc_social.claims.domain import Owner, OwnerKind, handle_claim
from svc_social.claims.store import Claims
from svc_social.fields import clean_line, clean_text, content_digest
from svc_social.repeats import find_slot, request_id_reused
from vidmesh.common.v1.error_reason_pb2 import ErrorReason
from vidmesh.social.v1.channel_service_pb2 import CreateChannelRequest

METHOD: Final = "/vidmesh.social.v1.ChannelService/CreateChannel"


class ChannelMaker:
    """Makes channels. `key` derives ids from request ids."""

    def __init__(self, channels: ChannelStore, claims: Claims, key: bytes, now: Callable[[], datetime]) -> None:
        self._channels = channels
        self._claims = claims
        self._key = key
        self._now = now

    async def run(self, account_id: str, request: CreateChannelRequest) -> ChannelRecord:
        """The channel that this request makes, or made the first time.

        Raises HANDLE_TAKEN, REQUEST_ID_REUSED, CONTENTION, INVALID_FIELD.
        """
        slot = await find_slot(self._channels.look, self._key, account_id, METHOD, request.request_id)
        if slot.earlier is not None:
            return _repeated(slot.earlier, request)
        claim = handle_claim(request.handle)
        channel = ChannelRecord(
            channel_id=slot.id,
            owner_account_id=account_id,
            handle=claim.name,
            name=clean_line("name", request.name) or claim.name,
            create_time=self._now(),
            description=clean_text("description", request.description),
            request_digest=_digest(request),
        )
        owner = Owner(OwnerKind.CHANNEL, channel.channel_id)
        if not await self._claims.take(claim, owner, channel.channel_id):
            raise already_exists(
                ErrorReason.ERROR_REASON_HANDLE_TAKEN, "This handle belongs to somebody else. Choose another."
            )
        if await self._channels.insert(channel):
            return channel
        # The same request is answered elsewhere at this moment, or took so long that somebody buried it.
        found = await self._channels.look(channel.channel_id)
        if not isinstance(found, ChannelRecord):
            raise contention()
        return _repeated(found, request)


def _repeated(earlier: ChannelRecord, request: CreateChannelRequest) -> ChannelRecord:
    if earlier.request_digest != _digest(request):
        raise request_id_reused()
    return earlier


def _digest(request: CreateChannelRequest) -> bytes:
    settled = CreateChannelRequest()
    settled.CopyFrom(request)
    settled.handle = handle_claim(request.handle).name
    return content_digest(settled)
