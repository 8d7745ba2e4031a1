"""Accounts by id, sessions by id and by account, and what of them edges refuse."""

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
SESSIONS_EPOCH: Final = integer("sessions_epoch", since=2)
"""How often all sign-ins were ended; null until the first time."""
KEPT_SESSION: Final = text("kept_session", since=2)
"""The sign-in that went on the last time."""
RESET_HASH: Final = blob("reset_hash", since=2)
"""SHA-256 of the code by which a new password can be chosen; null where there is none."""
RESET_EXPIRE_TIME: Final = timestamp("reset_expire_time", since=2)

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
        SESSIONS_EPOCH,
        KEPT_SESSION,
        RESET_HASH,
        RESET_EXPIRE_TIME,
        blob("pending_events"),
    ),
    partition_key=("account_id",),
)
"""One row an account, changed by compare-and-set on `generation` alone."""

SESSION_ID: Final = text("session_id")
SESSION_GENERATION: Final = integer("generation")
SESSION_ACCOUNT_ID: Final = text("account_id")
DEVICE_NAME: Final = text("device_name")
LIVE_HASHES: Final = blob("live_hashes")
USED_HASHES: Final = blob("used_hashes")
USED_TIME: Final = timestamp("used_time")
SESSION_CREATE_TIME: Final = timestamp("create_time")
SESSION_EPOCH: Final = integer("epoch", since=2)
"""The account's `sessions_epoch` when the session began; null is 0."""

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
        SESSION_EPOCH,
    ),
    partition_key=("session_id",),
    # Each refresh replaces the row by one of the next generation, because a row's time to live cannot be prolonged.
    clustering_key=(desc("generation"),),
    expiring=True,
)
"""Sign-ins by id. Refresh tokens are kept as hashes; a sign-in that nobody refreshes expires."""

WRITTEN: Final = timestamp("written")
"""When the session was begun or refreshed last."""

SESSIONS_OF_ACCOUNT: Final = Table(
    "sessions_of_account",
    columns=(SESSION_ACCOUNT_ID, SESSION_ID, WRITTEN),
    # An index: it may name a session too many, never one too few. Ids of sessions sort by the time of their beginning.
    partition_key=("account_id",),
    clustering_key=(desc("session_id"),),
    expiring=True,
    since=2,
)
"""Which sign-ins an account has."""

SHARD: Final = integer("shard")
END_TIME: Final = timestamp("end_time")

ENDED_SESSIONS: Final = Table(
    "ended_sessions",
    columns=(SHARD, SESSION_ID, SESSION_ACCOUNT_ID, END_TIME),
    # Edges read it whole, hence few partitions. A row is gone when no token of the session can be good any more.
    partition_key=("shard",),
    clustering_key=("session_id",),
    expiring=True,
    since=2,
)
"""What edges refuse although its token has not expired: ended sign-ins and deleted API tokens."""
