"""Which channels an account is a member of: an index that may promise too much, never too little.

It lies in another partition than the channel, so the two cannot change together. It is written before a membership
begins and taken back after one has ended; a process that dies in between leaves a row too many. Readers hold every row
against the membership itself, and forget one that has been wrong for a day.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from mesh.tables import Row, Tables
from svc_social.channels.domain import ChannelRecord, MemberRecord
from svc_social.channels.rows import THE_CHANNEL, channel_of, member_of, member_part
from svc_social.channels.tables import (
    BURIED,
    CHANNELS,
    CHANNELS_OF_ACCOUNT,
    INDEX_CHANNEL_ID,
    INDEX_SINCE,
    INDEX_WRITTEN,
)

FORGET_AFTER: Final = timedelta(days=1)
"""Much longer than any call: a membership that has not begun by then never will."""


class MembershipIndex:
    """The channels of accounts."""

    def __init__(self, tables: Tables, now: Callable[[], datetime]) -> None:
        self._tables = tables
        self._now = now

    async def add(self, channel: ChannelRecord, member: MemberRecord) -> None:
        """Before a membership begins."""
        await self._tables.put(CHANNELS_OF_ACCOUNT, {**_key(channel, member), "written": self._now()})

    async def remove(self, channel: ChannelRecord, member: MemberRecord) -> None:
        """After a membership has ended."""
        await self._tables.delete(CHANNELS_OF_ACCOUNT, _key(channel, member))

    async def page(self, account_id: str, limit: int, cursor: bytes | None) -> tuple[list[ChannelRecord], bytes | None]:
        """Channels that the account is a member of, oldest first, and where to go on; None at the end.

        Raises InvalidCursor.
        """
        page = await self._tables.scan(CHANNELS_OF_ACCOUNT, {"account_id": account_id}, limit=limit, cursor=cursor)
        if not page.rows:
            return [], page.cursor
        parts = (THE_CHANNEL, member_part(account_id))
        keys: list[Row] = [
            {"channel_id": INDEX_CHANNEL_ID.of(row), "part": part} for row in page.rows for part in parts
        ]
        found = await self._tables.get_many(CHANNELS, keys)
        channels: list[ChannelRecord] = []
        for row, channel, member in zip(page.rows, found[::2], found[1::2], strict=True):
            if channel and member and not BURIED.maybe(channel) and member_of(member).since == INDEX_SINCE.of(row):
                channels.append(channel_of(channel))
            elif self._now() - INDEX_WRITTEN.of(row) > FORGET_AFTER:
                await self._tables.delete(
                    CHANNELS_OF_ACCOUNT, {column.name: row[column.name] for column in CHANNELS_OF_ACCOUNT.key}
                )
        return channels, page.cursor


def _key(channel: ChannelRecord, member: MemberRecord) -> Row:
    return {
        "account_id": member.account_id,
        "channel_create_time": channel.create_time,
        "channel_id": channel.channel_id,
        "member_since": member.since,
    }
