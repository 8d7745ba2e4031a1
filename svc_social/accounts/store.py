"""Accounts in the tables."""

from __future__ import annotations

from typing import Final

from mesh.bus.outbox import Outbox
from mesh.tables import Row, Tables
from svc_social.accounts.domain import AccountRecord, has_name
from svc_social.accounts.tables import (
    ACCOUNT_ID,
    ACCOUNTS,
    AVATAR_URL,
    BURIED,
    CREATE_TIME,
    DISPLAY_NAME,
    EMAIL,
    FIRST_CHANNEL_ID,
    GENERATION,
    KEPT_SESSION,
    PASSWORD_HASH,
    REQUEST_DIGEST,
    RESET_EXPIRE_TIME,
    RESET_HASH,
    ROLE,
    SESSIONS_EPOCH,
    USERNAME,
    VERIFIED,
)
from svc_social.claims.domain import Buried, Claim, Standing
from vidmesh.social.v1.account_pb2 import Role
from vidmesh.social.v1.social_events_pb2 import AccountCreated

EXPORT_PAGE: Final = 200


class AccountStore:
    """Named queries over accounts."""

    def __init__(self, tables: Tables, outbox: Outbox) -> None:
        self._tables = tables
        self._outbox = outbox

    async def look(self, account_id: str) -> AccountRecord | Buried | None:
        """What is under this id; None where nothing is yet."""
        if not account_id:
            return None
        row = await self._tables.get(ACCOUNTS, {"account_id": account_id})
        if row is None:
            return None
        return Buried() if BURIED.maybe(row) else _record(row)

    async def get(self, account_id: str) -> AccountRecord | None:
        """The account, or None."""
        found = await self.look(account_id)
        return found if isinstance(found, AccountRecord) else None

    async def insert(self, account: AccountRecord) -> bool:
        """Make the account; False where its id is taken or buried. Announces AccountCreated."""
        return await self._outbox.insert(
            ACCOUNTS, _row(account), events=[AccountCreated(account_id=account.account_id)]
        )

    async def update(self, before: AccountRecord, after: AccountRecord) -> bool:
        """Change what people see of the account as it was read; False where it has changed since."""
        return await self._tables.update(
            ACCOUNTS,
            {"account_id": before.account_id},
            {
                "display_name": after.display_name,
                "avatar_url": after.avatar_url,
                "generation": after.generation,
            },
            expect={"generation": before.generation},
        )

    async def replace_hash(self, account: AccountRecord, password_hash: str) -> None:
        """Keep the same password under another hash, unless the password changed meanwhile. Its etag stays."""
        await self._tables.update(
            ACCOUNTS,
            {"account_id": account.account_id},
            {"password_hash": password_hash},
            expect={"password_hash": account.password_hash},
        )

    async def replace_credentials(self, before: AccountRecord, after: AccountRecord) -> bool:
        """Change the password, end sign-ins, or keep or drop the code for a new password, at once; False where one of
        these has changed since. The etag stays.
        """
        return await self._tables.update(
            ACCOUNTS, {"account_id": before.account_id}, _credentials(after), expect=_credentials(before)
        )

    async def exists_or_bury(self, account_id: str) -> bool:
        """Whether the account exists; where it does not, it never will."""
        await self.bury(account_id)
        return await self.get(account_id) is not None

    async def standing(self, owner_id: str, claim: Claim) -> Standing:
        """How the account stands to a name that its claim says it wants."""
        match await self.look(owner_id):
            case None:
                return Standing.OPEN
            case Buried():
                return Standing.VOID
            case account:
                return Standing.HELD if has_name(account, claim) else Standing.VOID

    async def bury(self, owner_id: str) -> None:
        """Make sure that no account with this id comes to exist; nothing happens where one does."""
        await self._tables.insert(ACCOUNTS, {"account_id": owner_id, "buried": True})

    async def export(self, cursor: bytes | None) -> tuple[list[AccountRecord], bytes | None]:
        """A page of all accounts, and where to go on; None at the end. Raises InvalidCursor."""
        page = await self._tables.walk(ACCOUNTS, limit=EXPORT_PAGE, cursor=cursor)
        return [_record(row) for row in page.rows if not BURIED.maybe(row)], page.cursor


def _credentials(account: AccountRecord) -> Row:
    # Null where an account never had any: rows of the first version have no other form.
    return {
        "password_hash": account.password_hash,
        "sessions_epoch": account.sessions_epoch or None,
        "kept_session": account.kept_session or None,
        "reset_hash": account.reset_hash or None,
        "reset_expire_time": account.reset_expire_time,
    }


def _row(account: AccountRecord) -> Row:
    return {
        "account_id": account.account_id,
        "username": account.username,
        "display_name": account.display_name,
        "avatar_url": account.avatar_url,
        "verified": account.verified,
        "role": int(account.role),
        "email": account.email,
        "password_hash": account.password_hash,
        "first_channel_id": account.first_channel_id,
        "request_digest": account.request_digest,
        "create_time": account.create_time,
        "generation": account.generation,
    }


def _record(row: Row) -> AccountRecord:
    return AccountRecord(
        account_id=ACCOUNT_ID.of(row),
        username=USERNAME.of(row),
        display_name=DISPLAY_NAME.of(row),
        email=EMAIL.of(row),
        password_hash=PASSWORD_HASH.of(row),
        role=Role.ValueType(ROLE.of(row)),
        first_channel_id=FIRST_CHANNEL_ID.of(row),
        request_digest=REQUEST_DIGEST.of(row),
        create_time=CREATE_TIME.of(row),
        avatar_url=AVATAR_URL.of(row),
        verified=VERIFIED.of(row),
        generation=GENERATION.of(row),
        sessions_epoch=SESSIONS_EPOCH.maybe(row) or 0,
        kept_session=KEPT_SESSION.maybe(row) or "",
        reset_hash=RESET_HASH.maybe(row) or b"",
        reset_expire_time=RESET_EXPIRE_TIME.maybe(row),
    )
