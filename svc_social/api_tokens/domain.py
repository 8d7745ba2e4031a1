"""What an API token is. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from vidmesh.options.v1.options_pb2 import Scope
from vidmesh.social.v1 import account_pb2

MOST_TOKENS: Final = 100
"""API tokens that an account may have at once."""
DEFAULT_LIFETIME: Final = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class TokenRecord:
    """An API token as it is stored: everything but the token."""

    token_id: str
    account_id: str
    name: str
    scopes: frozenset[Scope.ValueType]
    epoch: int
    create_time: datetime
    expire_time: datetime


def token_message(token: TokenRecord) -> account_pb2.ApiToken:
    """The token as it is listed."""
    message = account_pb2.ApiToken(token_id=token.token_id, name=token.name, scopes=sorted(token.scopes))
    message.create_time.FromDatetime(token.create_time)
    message.expire_time.FromDatetime(token.expire_time)
    return message
