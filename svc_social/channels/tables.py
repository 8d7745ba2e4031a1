"""Channels with their members, and which channels an account is a member of."""

from __future__ import annotations

from typing import Final

from mesh.tables import Table, blob, boolean, integer, text, timestamp

CHANNEL_ID: Final = text("channel_id")
PART: Final = text("part")
"""What the row is: "channel", or "member:" and an account_id."""
BURIED: Final = boolean("buried")
"""True marks a gravestone: no channel will ever have this id (see `claims/domain.py`)."""
OWNER_ACCOUNT_ID: Final = text("owner_account_id")
HANDLE: Final = text("handle")
NAME: Final = text("name")
DESCRIPTION: Final = text("description")
BANNER_URL: Final = text("banner_url")
REQUEST_DIGEST: Final = blob("request_digest")
CREATE_TIME: Final = timestamp("create_time")
"""Of the channel, or since when the member is one."""
GENERATION: Final = integer("generation")
MEMBERS_GENERATION: Final = integer("members_generation")
"""Counts changes of the members, so that they go one after the other without touching the channel's etag."""
MEMBER_ROLE: Final = integer("member_role")

CHANNELS: Final = Table(
    "channels",
    columns=(
        CHANNEL_ID,
        PART,
        BURIED,
        OWNER_ACCOUNT_ID,
        HANDLE,
        NAME,
        DESCRIPTION,
        BANNER_URL,
        REQUEST_DIGEST,
        CREATE_TIME,
        GENERATION,
        MEMBERS_GENERATION,
        MEMBER_ROLE,
        blob("pending_events"),
    ),
    # A channel and its members are one partition, so that a change of owner is one atomic commit.
    partition_key=("channel_id",),
    clustering_key=("part",),
)
"""A channel and its members."""

INDEX_ACCOUNT_ID: Final = text("account_id")
INDEX_CREATE_TIME: Final = timestamp("channel_create_time")
INDEX_CHANNEL_ID: Final = text("channel_id")
INDEX_SINCE: Final = timestamp("member_since")
INDEX_WRITTEN: Final = timestamp("written")

CHANNELS_OF_ACCOUNT: Final = Table(
    "channels_of_account",
    columns=(INDEX_ACCOUNT_ID, INDEX_CREATE_TIME, INDEX_CHANNEL_ID, INDEX_SINCE, INDEX_WRITTEN),
    partition_key=("account_id",),
    # Each time that somebody becomes a member has a row of its own, so forgetting an old one never hides a new one.
    clustering_key=("channel_create_time", "channel_id", "member_since"),
)
"""Which channels an account is a member of. An index: it may promise too much, never too little."""
