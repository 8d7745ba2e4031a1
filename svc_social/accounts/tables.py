"""Accounts by id, sessions by id."""

from __future__ import annotations

from typing import Final

from mesh.tables import Table, blob, boolean, desc, integer, text, timestamp

ACCOUNT_ID: Final = text("account_id")
BURIED: Final = boolean("buried")
"""True marks a gravestone: no account will ever have this id (see `claims/domain.py`)."""
USERNAME: Final = text("username")
DISPLAY_NAME: Final = text("display_name")
AVATAR_URL: Final = text("avatar_url")
VERIFIED: Final = boolean("verified")
ROLE: Final = integer("role")
EMAIL: Final = text("email")
PASSWORD_HASH: Final = text("password_hash")
FIRST_CHANNEL_ID: Final = text("first_channel_id")
REQUEST_DIGEST: Final = blob("request_digest")
CREATE_TIME: Final = timestamp("create_time")
GENERATION: Final = integer("generation")

ACCOUNTS: Final = Table(
    "accounts",
    columns=(
        ACCOUNT_ID,
        BURIED,
        USERNAME,
        DISPLAY_NAME,
        AVATAR_URL,
        VERIFIED,
        ROLE,
        EMAIL,
        PASSWORD_HASH,
        FIRST_CHANNEL_ID,
        REQUEST_DIGEST,
        CREATE_TIME,
        GENERATION,
        blob("pending_events"),
    ),
    partition_key=("account_id",),
)

SESSION_ID: Final = text("session_id")
SESSION_GENERATION: Final = integer("generation")
SESSION_ACCOUNT_ID: Final = text("account_id")
DEVICE_NAME: Final = text("device_name")
LIVE_HASHES: Final = blob("live_hashes")
USED_HASHES: Final = blob("used_hashes")
USED_TIME: Final = timestamp("used_time")
SESSION_CREATE_TIME: Final = timestamp("create_time")

SESSIONS: Final = Table(
    "sessions",
    columns=(
        SESSION_ID,
        SESSION_GENERATION,
        SESSION_ACCOUNT_ID,
        DEVICE_NAME,
        LIVE_HASHES,
        USED_HASHES,
        USED_TIME,
        SESSION_CREATE_TIME,
    ),
    partition_key=("session_id",),
    # Each refresh replaces the row by one of the next generation, because a row's time to live cannot be prolonged.
    clustering_key=(desc("generation"),),
    expiring=True,
)
