"""API tokens in the tables. A row is gone when its token has expired."""

from __future__ import annotations

from mesh.contention import attempts
from mesh.errors import contention
from mesh.identity import SCOPES as SCOPE_NAMES
from mesh.identity import scope_claim
from mesh.tables import Insert, Row, Tables, UpdateStatic
from svc_social.api_tokens.domain import MOST_TOKENS, TokenRecord
from svc_social.api_tokens.tables import (
    ACCOUNT_ID,
    API_TOKENS,
    CREATE_TIME,
    EPOCH,
    EXPIRE_TIME,
    NAME,
    SCOPES,
    TOKEN_ID,
    TURN,
)


class TokenStore:
    """Named queries over API tokens."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    async def insert(self, token: TokenRecord) -> bool:
        """Write a token down; False where the account has as many as it may have."""
        partition: Row = {"account_id": token.account_id}
        async for _ in attempts():
            turn = TURN.maybe(await self._tables.get_static(API_TOKENS, partition))
            if len((await self._tables.scan(API_TOKENS, partition, limit=MOST_TOKENS)).rows) >= MOST_TOKENS:
                return False
            if await self._tables.commit(
                API_TOKENS,
                partition,
                Insert(_row(token), ttl=token.expire_time - token.create_time),
                UpdateStatic({"turn": (turn or 0) + 1}, expect={"turn": turn}),
            ):
                return True
        raise contention()

    async def get(self, account_id: str, token_id: str) -> TokenRecord | None:
        """An account's token, or None where it is deleted or expired."""
        row = await self._tables.get(API_TOKENS, {"account_id": account_id, "token_id": token_id})
        return None if row is None else _record(row)

    async def page(self, account_id: str, limit: int, cursor: bytes | None) -> tuple[list[TokenRecord], bytes | None]:
        """An account's tokens, newest first, and where to go on; None at the end. Raises InvalidCursor."""
        page = await self._tables.scan(API_TOKENS, {"account_id": account_id}, limit=limit, cursor=cursor)
        return [_record(row) for row in page.rows], page.cursor

    async def delete(self, token: TokenRecord) -> None:
        """Forget a token; nothing happens where it is gone."""
        key: Row = {"account_id": token.account_id, "token_id": token.token_id}
        await self._tables.delete(API_TOKENS, key, expect={})

    async def all_of(self, account_id: str) -> list[TokenRecord]:
        """All of an account's tokens: MOST_TOKENS at most."""
        page = await self._tables.scan(API_TOKENS, {"account_id": account_id}, limit=MOST_TOKENS)
        return [_record(row) for row in page.rows]


def _row(token: TokenRecord) -> Row:
    return {
        "account_id": token.account_id,
        "token_id": token.token_id,
        "name": token.name,
        "scopes": " ".join(sorted(scope_claim(scope) for scope in token.scopes)),
        "epoch": token.epoch,
        "create_time": token.create_time,
        "expire_time": token.expire_time,
    }


def _record(row: Row) -> TokenRecord:
    return TokenRecord(
        token_id=TOKEN_ID.of(row),
        account_id=ACCOUNT_ID.of(row),
        name=NAME.of(row),
        scopes=frozenset(SCOPE_NAMES[name] for name in SCOPES.of(row).split()),
        epoch=EPOCH.of(row),
        create_time=CREATE_TIME.of(row),
        expire_time=EXPIRE_TIME.of(row),
    )
