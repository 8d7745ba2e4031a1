"""Everything that svc_social stores."""

from __future__ import annotations

from typing import Final

from mesh.bus.outbox import outbox_table
from mesh.tables import Schema, Table
from svc_social.accounts.tables import ACCOUNTS, ENDED_SESSIONS, SESSIONS, SESSIONS_OF_ACCOUNT
from svc_social.api_tokens.tables import API_TOKENS
from svc_social.channels.tables import CHANNELS, CHANNELS_OF_ACCOUNT
from svc_social.claims.tables import CLAIMS
from svc_social.guessing.tables import GUESSES, KNOWN_PLACES
from svc_social.invites.tables import INVITES, OPEN_INVITES
from svc_social.video_counts.tables import COUNTED_VIDEOS, REBUILDS

OUTBOX: Final[Table] = outbox_table()

SCHEMA: Final = Schema(
    "svc_social",
    version=3,
    tables=(
        CLAIMS,
        ACCOUNTS,
        SESSIONS,
        CHANNELS,
        CHANNELS_OF_ACCOUNT,
        OUTBOX,
        SESSIONS_OF_ACCOUNT,
        ENDED_SESSIONS,
        API_TOKENS,
        INVITES,
        OPEN_INVITES,
        GUESSES,
        KNOWN_PLACES,
        COUNTED_VIDEOS,
        REBUILDS,
    ),
)
