"""Everything that svc_social stores."""

from __future__ import annotations

from typing import Final

from mesh.bus.outbox import outbox_table
from mesh.tables import Schema, Table
from svc_social.accounts.tables import ACCOUNTS, SESSIONS
from svc_social.channels.tables import CHANNELS, CHANNELS_OF_ACCOUNT
from svc_social.claims.tables import CLAIMS

OUTBOX: Final[Table] = outbox_table()

SCHEMA: Final = Schema(
    "svc_social", version=1, tables=(CLAIMS, ACCOUNTS, SESSIONS, CHANNELS, CHANNELS_OF_ACCOUNT, OUTBOX)
)
