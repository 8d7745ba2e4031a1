"""Invitations in the tables.

A use is taken in the name of an account that is about to exist, and counts whether or not the account then comes to
exist: so there are never more accounts than uses. Whoever dies between the two leaves a use too many; who finds the
invitation used up looks for such, buries the account that never came (see `claims/domain.py`) and takes the use back.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final, Protocol

from mesh.contention import attempts
from mesh.errors import contention
from mesh.tables import Delete, Insert, Row, Tables, Update, UpdateStatic
from svc_social.claims.domain import PATIENCE
from svc_social.invites.domain import MOST_OPEN, Code, InviteRecord, is_good
from svc_social.invites.tables import (
    CODE_HASH,
    CREATE_TIME,
    EXPIRE_TIME,
    INVITE_ID,
    INVITES,
    MAX_USES,
    NOTE,
    OPEN_INVITES,
    PART,
    SETTLED,
    TAKE_TIME,
    TURN,
    USES,
)

THE_INVITE: Final = "invite"
A_USE: Final = "use:"
AFTER_USES: Final = "use;"
"""The first text behind all that begin with A_USE: `;` follows `:`."""
THE_SHARD: Final[Row] = {"shard": 0}


class Decider(Protocol):
    """Says whether the account of a use exists."""

    async def exists_or_bury(self, account_id: str) -> bool:
        """Whether the account exists; where it does not, it never will."""
        ...


class InviteStore:
    """Named queries over invitations."""

    def __init__(self, tables: Tables, decider: Decider, now: Callable[[], datetime]) -> None:
        self._tables = tables
        self._decider = decider
        self._now = now

    async def is_good(self, code: Code) -> bool:
        """Whether the code is an invitation's that has not expired; it may be used up."""
        return is_good(await self.get(code.invite_id), code, self._now())

    async def insert(self, invite: InviteRecord) -> bool:
        """Make the invitation; False where as many as may be are open."""
        lifetime = invite.expire_time - invite.create_time
        async for _ in attempts():
            turn = TURN.maybe(await self._tables.get_static(OPEN_INVITES, THE_SHARD))
            if len((await self._tables.scan(OPEN_INVITES, THE_SHARD, limit=MOST_OPEN)).rows) >= MOST_OPEN:
                return False
            # Listed first: a list that names one too many is put right when it is read.
            if await self._tables.commit(
                OPEN_INVITES,
                THE_SHARD,
                Insert({"invite_id": invite.invite_id}, ttl=lifetime),
                UpdateStatic({"turn": (turn or 0) + 1}, expect={"turn": turn}),
            ):
                return await self._tables.insert(INVITES, _row(invite), ttl=lifetime)
        raise contention()

    async def get(self, invite_id: str) -> InviteRecord | None:
        """The invitation, or None where it is taken back or expired."""
        row = await self._tables.get(INVITES, {"invite_id": invite_id, "part": THE_INVITE})
        return None if row is None else _record(row)

    async def page(self, limit: int, cursor: bytes | None) -> tuple[list[InviteRecord], bytes | None]:
        """Open invitations, newest first, and where to go on; None at the end. Raises InvalidCursor."""
        page = await self._tables.scan(OPEN_INVITES, THE_SHARD, limit=limit, cursor=cursor)
        keys: list[Row] = [{"invite_id": INVITE_ID.of(row), "part": THE_INVITE} for row in page.rows]
        found = await self._tables.get_many(INVITES, keys) if keys else []
        return [_record(row) for row in found if row is not None], page.cursor

    async def delete(self, invite_id: str) -> bool:
        """Take it back; False where there is none."""
        taken_back = await self._tables.delete(INVITES, {"invite_id": invite_id, "part": THE_INVITE}, expect={})
        await self._tables.delete(OPEN_INVITES, {**THE_SHARD, "invite_id": invite_id}, expect={})
        return taken_back

    async def take(self, code: Code, account_id: str) -> bool:
        """Use it for an account that is about to exist; False where the code is not good (any more).

        Taking it again for the same account is True and uses it once.
        """
        async for _ in attempts():
            invite = await self.get(code.invite_id)
            if invite is None or not is_good(invite, code, self._now()):
                return False
            if await self._tables.get(INVITES, _use(invite.invite_id, account_id)):
                return True
            if invite.uses >= invite.max_uses and not await self._reclaim(invite):
                return False
            if invite.uses < invite.max_uses and await self._tables.commit(
                INVITES,
                {"invite_id": invite.invite_id},
                Insert(
                    {"part": A_USE + account_id, "take_time": self._now(), "settled": False},
                    ttl=max(invite.expire_time - self._now(), timedelta(seconds=1)),
                ),
                _counted(invite, 1),
            ):
                return True
        raise contention()

    async def give_back(self, invite_id: str, account_id: str) -> None:
        """Take a use back. Only for an account that can never exist: one that was buried."""
        async for _ in attempts():
            invite = await self.get(invite_id)
            if invite is None or await self._tables.get(INVITES, _use(invite_id, account_id)) is None:
                return
            if await self._tables.commit(
                INVITES,
                {"invite_id": invite_id},
                Delete({"part": A_USE + account_id}, expect={}),
                _counted(invite, -1),
            ):
                return

    async def _reclaim(self, invite: InviteRecord) -> bool:
        """Take back the uses of accounts that never came; whether there was one."""
        partition: Row = {"invite_id": invite.invite_id}
        page = await self._tables.scan(INVITES, partition, start=A_USE, stop=AFTER_USES, limit=invite.max_uses)
        freed = False
        for row in page.rows:
            if SETTLED.of(row) or self._now() - TAKE_TIME.of(row) < PATIENCE:
                continue
            account_id = PART.of(row).removeprefix(A_USE)
            if await self._decider.exists_or_bury(account_id):
                key = _use(invite.invite_id, account_id)
                await self._tables.update(INVITES, key, {"settled": True}, expect={})
            else:
                await self.give_back(invite.invite_id, account_id)
                freed = True
        return freed


def _counted(invite: InviteRecord, change: int) -> Update:
    return Update({"part": THE_INVITE}, {"uses": invite.uses + change}, expect={"uses": invite.uses})


def _use(invite_id: str, account_id: str) -> Row:
    return {"invite_id": invite_id, "part": A_USE + account_id}


def _row(invite: InviteRecord) -> Row:
    return {
        "invite_id": invite.invite_id,
        "part": THE_INVITE,
        "code_hash": invite.code_hash,
        "note": invite.note,
        "max_uses": invite.max_uses,
        "uses": invite.uses,
        "create_time": invite.create_time,
        "expire_time": invite.expire_time,
    }


def _record(row: Row) -> InviteRecord:
    return InviteRecord(
        invite_id=INVITE_ID.of(row),
        code_hash=CODE_HASH.of(row),
        note=NOTE.of(row),
        max_uses=MAX_USES.of(row),
        uses=USES.of(row),
        create_time=CREATE_TIME.of(row),
        expire_time=EXPIRE_TIME.of(row),
    )
