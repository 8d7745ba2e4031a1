"""Counting wrong attempts in the tables, without making attempts wait for each other.

An attempt is written down as a failure before the password is looked at, and taken back when it was right: so of many
that come at the same moment no more are looked at than may be. Who comes while they have to wait is refused by two
reads, and nothing is written.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from mesh.errors import Fault, exhausted
from mesh.ids import uuid7
from mesh.tables import Row, Tables
from svc_social.guessing.domain import PAIR, PLACE, Counter, counters_of, network_of, wait_left
from svc_social.guessing.tables import ATTEMPT_ID, ATTEMPT_TIME, GUESSES, KNOWN_PLACES
from vidmesh.common.v1.error_reason_pb2 import ErrorReason

INSTANT: Final = timedelta(microseconds=1)
"""How finely times are kept."""
SAME_INSTANT: Final = 8
"""Attempts of one instant that are read besides those that count."""
FORGOTTEN: Final = (PAIR, PLACE)
"""Budgets that begin anew after a success. A network's does not: it would be reset by anybody's own account."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt under way. It has failed unless it is told otherwise."""

    guard: Guard
    attempt_id: str
    time: datetime
    counters: tuple[Counter, ...]
    subject: str
    network: str

    def __repr__(self) -> str:
        """Without whom it is about."""
        return f"Attempt({self.attempt_id})"

    async def succeeded(self) -> None:
        """It was right: it does not count, and the place is one of the account's."""
        await self.guard.settle(self)

    async def withdraw(self) -> None:
        """Nothing was learnt about whether it was right: it does not count."""
        await self.guard.take_back(self)


class Guard:
    """Lets attempts at passwords and codes pass, or makes them wait. `key` hides what is counted."""

    def __init__(self, tables: Tables, key: bytes, now: Callable[[], datetime]) -> None:
        self._tables = tables
        self._key = key
        self._now = now

    async def attempt(self, address: str, subject: str = "") -> Attempt:
        """An attempt from this IP address at this account (its e-mail address in normal form) or, without, at a code.

        It counts as failed from now on. Raises TOO_MANY_ATTEMPTS with RetryInfo.
        """
        network = network_of(address)
        known = bool(subject and network) and await self._is_known(subject, network)
        attempt = Attempt(self, uuid7(), self._now(), counters_of(subject, network, known=known), subject, network)
        # The first look writes nothing: who hammers while they have to wait leaves no trace that grows.
        await self._check(attempt)
        await asyncio.gather(*(self._write(attempt, counter) for counter in attempt.counters))
        try:
            await self._check(attempt)
        except Fault:
            await self.take_back(attempt)
            raise
        return attempt

    async def remember(self, address: str, subject: str) -> None:
        """The account signed in from here."""
        network = network_of(address)
        if subject and network:
            row: Row = {"place": self._hidden("known", subject, network), "last_time": self._now()}
            await self._tables.put(KNOWN_PLACES, row)

    async def settle(self, attempt: Attempt) -> None:
        """Take back an attempt that was right, forget what went before it, and know the place."""
        await asyncio.gather(*(self._forget(attempt, counter) for counter in attempt.counters))
        await self.remember(attempt.network, attempt.subject)

    async def take_back(self, attempt: Attempt) -> None:
        """The attempt was none."""
        await asyncio.gather(*(self._delete(attempt, counter) for counter in attempt.counters))

    async def _is_known(self, subject: str, network: str) -> bool:
        key: Row = {"place": self._hidden("known", subject, network)}
        return await self._tables.get(KNOWN_PLACES, key) is not None

    async def _check(self, attempt: Attempt) -> None:
        waits = await asyncio.gather(*(self._wait(attempt, counter) for counter in attempt.counters))
        longest = max(waits, default=timedelta(0))
        if longest > timedelta(0):
            raise exhausted(
                ErrorReason.ERROR_REASON_TOO_MANY_ATTEMPTS,
                "There were too many wrong attempts. Wait before the next one.",
                retry_after=longest,
            )

    async def _wait(self, attempt: Attempt, counter: Counter) -> timedelta:
        page = await self._tables.scan(
            GUESSES,
            {"counter": self._counter(counter)},
            start=attempt.time - counter.budget.window,
            stop=attempt.time + INSTANT,
            limit=counter.budget.most + SAME_INSTANT,
        )
        # Of those that came at the same moment each counts what is in front of it, so that the first ones pass.
        own = (attempt.time, attempt.attempt_id)
        found = [(ATTEMPT_TIME.of(row), ATTEMPT_ID.of(row)) for row in page.rows]
        return wait_left([one[0] for one in found if one < own], counter.budget, attempt.time)

    async def _write(self, attempt: Attempt, counter: Counter) -> None:
        await self._tables.put(GUESSES, self._row(attempt, counter), ttl=counter.budget.window, durable=False)

    async def _delete(self, attempt: Attempt, counter: Counter) -> None:
        await self._tables.delete(GUESSES, self._row(attempt, counter))

    async def _forget(self, attempt: Attempt, counter: Counter) -> None:
        if counter.budget in FORGOTTEN:
            await self._tables.delete_partition(GUESSES, {"counter": self._counter(counter)})
        else:
            await self._delete(attempt, counter)

    def _row(self, attempt: Attempt, counter: Counter) -> Row:
        return {
            "counter": self._counter(counter),
            "attempt_time": attempt.time,
            "attempt_id": attempt.attempt_id,
        }

    def _counter(self, counter: Counter) -> bytes:
        return self._hidden(counter.budget.name, counter.subject, counter.network)

    def _hidden(self, *parts: str) -> bytes:
        # As JSON, which keeps the parts apart whatever somebody types for an e-mail address.
        return hmac.digest(self._key, json.dumps(parts).encode(), hashlib.sha256)
