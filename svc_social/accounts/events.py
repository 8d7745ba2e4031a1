"""What accounts listen to: their own making, so that a sign-up that died half way is finished."""

from __future__ import annotations

from typing import Final

from mesh.bus import Event
from svc_social.accounts.first_channel import first_channel_of
from svc_social.accounts.store import AccountStore
from svc_social.channels.store import ChannelStore
from vidmesh.social.v1.social_events_pb2 import AccountCreated

DURABLE: Final = "svc_social-first-channel"


class AccountEvents:
    """Handlers of events; each may see an event any number of times."""

    def __init__(self, accounts: AccountStore, channels: ChannelStore) -> None:
        self._accounts = accounts
        self._channels = channels

    async def on_created(self, event: Event[AccountCreated]) -> None:
        """Make the account's first channel where SignUp did not come to it."""
        account = await self._accounts.get(event.message.account_id)
        if account is not None:
            await self._channels.ensure(first_channel_of(account))
