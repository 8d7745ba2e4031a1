"""API tokens of accounts. The token itself is kept nowhere."""

from __future__ import annotations

from typing import Final

from mesh.tables import Table, desc, integer, text, timestamp

ACCOUNT_ID: Final = text("account_id")
TOKEN_ID: Final = text("token_id")
NAME: Final = text("name")
SCOPES: Final = text("scopes")
"""As in the `scp` claim, with spaces between."""
EPOCH: Final = integer("epoch")
"""The account's `sessions_epoch` when the token was made."""
CREATE_TIME: Final = timestamp("create_time")
EXPIRE_TIME: Final = timestamp("expire_time")
TURN: Final = integer("turn", static=True)
"""Counts tokens made, so that they are made one after the other and never too many."""

API_TOKENS: Final = Table(
    "api_tokens",
    columns=(ACCOUNT_ID, TOKEN_ID, NAME, SCOPES, EPOCH, CREATE_TIME, EXPIRE_TIME, TURN),
    partition_key=("account_id",),
    clustering_key=(desc("token_id"),),
    expiring=True,
    since=2,
)
"""An account's API tokens, without the tokens themselves."""
