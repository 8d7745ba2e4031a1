"""Claiming names over the tables."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Protocol

from mesh.errors import contention
from mesh.tables import Row, Tables
from svc_social.claims.domain import Claim, Owner, OwnerKind, Standing, Step, next_step
from svc_social.claims.tables import CHANNEL_ID, CLAIM_TIME, CLAIMS, OWNER_ID, OWNER_KIND

ATTEMPTS: Final = 12
WAIT: Final = timedelta(milliseconds=100)
"""Looks at a name that is being decided, and the pause between two: about a second together."""


class Decider(Protocol):
    """The store whose rows decide whether owners of one kind exist."""

    async def standing(self, owner_id: str, claim: Claim) -> Standing:
        """How this owner stands to the name."""
        ...

    async def bury(self, owner_id: str) -> None:
        """Make sure that this owner never exists; nothing happens where it does already."""
        ...


@dataclass(frozen=True, slots=True)
class Claimed:
    """What a claim row says; whether it holds, the owner's row says."""

    owner: Owner
    channel_id: str
    """Of a handle: the channel that it shows. Empty for other names."""
    claim_time: datetime


class Claims:
    """Names and who claims them."""

    def __init__(self, tables: Tables, deciders: Mapping[OwnerKind, Decider], now: Callable[[], datetime]) -> None:
        self._tables = tables
        self._deciders = deciders
        self._now = now

    async def find(self, claim: Claim) -> Claimed | None:
        """The claim to this name as it stands; the reader checks that the owner has the name."""
        if not claim.name:
            return None
        row = await self._tables.get(CLAIMS, _key(claim))
        return None if row is None else _claimed(row)

    async def take(self, claim: Claim, owner: Owner, channel_id: str = "") -> bool:
        """Claim a name for an owner that is about to exist. False where another owner has it.

        Claiming again for the same owner is True, so a repeated request goes on where the first one stopped.
        Raises CONTENTION where others are at it for longer than a moment.
        """
        for _ in range(ATTEMPTS):
            row = self._row(claim, owner, channel_id)
            if await self._tables.insert(CLAIMS, row):
                return True
            found = await self.find(claim)
            if found is None:
                continue
            if found.owner == owner:
                return True
            decider = self._deciders[found.owner.kind]
            standing = await decider.standing(found.owner.id, claim)
            match next_step(standing, self._now() - found.claim_time):
                case Step.GIVE_UP:
                    return False
                case Step.TAKE_OVER:
                    changes = {name: value for name, value in row.items() if name not in ("kind", "name")}
                    if await self._tables.update(CLAIMS, _key(claim), changes, expect=_expectation(found)):
                        return True
                case Step.BURY:
                    await decider.bury(found.owner.id)
                case Step.WAIT:
                    await asyncio.sleep(WAIT.total_seconds() * random.uniform(0.5, 1.5))  # noqa: S311 (no secret)
        raise contention()

    async def release(self, claim: Claim, owner: Owner) -> None:
        """Let go of a name. Only for an owner that can never have it: one that was buried."""
        await self._tables.delete(CLAIMS, _key(claim), expect={"owner_kind": owner.kind.value, "owner_id": owner.id})

    def _row(self, claim: Claim, owner: Owner, channel_id: str) -> Row:
        return {
            **_key(claim),
            "owner_kind": owner.kind.value,
            "owner_id": owner.id,
            "channel_id": channel_id,
            "claim_time": self._now(),
        }


def _key(claim: Claim) -> Row:
    return {"kind": claim.kind.value, "name": claim.name}


def _expectation(found: Claimed) -> Row:
    return {"owner_kind": found.owner.kind.value, "owner_id": found.owner.id, "claim_time": found.claim_time}


def _claimed(row: Row) -> Claimed:
    return Claimed(
        owner=Owner(OwnerKind(OWNER_KIND.of(row)), OWNER_ID.of(row)),
        channel_id=CHANNEL_ID.of(row),
        claim_time=CLAIM_TIME.of(row),
    )
