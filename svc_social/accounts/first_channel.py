"""The channel that every account begins with: username and handle are one name."""

from __future__ import annotations

from svc_social.accounts.domain import AccountRecord
from svc_social.channels.domain import ChannelRecord


def first_channel_of(account: AccountRecord) -> ChannelRecord:
    """The channel as it is made: always the same for an account, so that whoever comes first may make it."""
    return ChannelRecord(
        channel_id=account.first_channel_id,
        owner_account_id=account.account_id,
        handle=account.username,
        name=account.display_name,
        create_time=account.create_time,
    )
