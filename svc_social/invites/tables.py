"""Invitations with their uses, and which are open."""

from __future__ import annotations

from typing import Final

from mesh.tables import Table, blob, boolean, desc, integer, text, timestamp

INVITE_ID: Final = text("invite_id")
PART: Final = text("part")
"""What the row is: "invite", or "use:" and an account_id."""
CODE_HASH: Final = blob("code_hash")
NOTE: Final = text("note")
MAX_USES: Final = integer("max_uses")
USES: Final = integer("uses")
CREATE_TIME: Final = timestamp("create_time")
EXPIRE_TIME: Final = timestamp("expire_time")
TAKE_TIME: Final = timestamp("take_time")
SETTLED: Final = boolean("settled")
"""The account of a use is known to exist."""

INVITES: Final = Table(
    "invites",
    columns=(INVITE_ID, PART, CODE_HASH, NOTE, MAX_USES, USES, CREATE_TIME, EXPIRE_TIME, TAKE_TIME, SETTLED),
    # An invitation and its uses are one partition, so that they are counted exactly.
    partition_key=("invite_id",),
    clustering_key=("part",),
    expiring=True,
    since=2,
)
"""Invitations by id, with a row for each account that was made by one."""

ALL: Final = integer("shard")
TURN: Final = integer("turn", static=True)
"""Counts invitations made, so that they are made one after the other and never too many."""

OPEN_INVITES: Final = Table(
    "open_invites",
    columns=(ALL, INVITE_ID, TURN),
    # All in one partition: there are at most MOST_OPEN, and only administrators make them.
    partition_key=("shard",),
    clustering_key=(desc("invite_id"),),
    expiring=True,
    since=2,
)
"""Which invitations are open."""
