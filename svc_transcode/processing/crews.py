"""Which workers there are, by what they said of themselves lately."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from mesh.tables import Tables, Value, integer, timestamp
from svc_transcode.processing.needs import ANYBODY, EVERYTHING, Crew, Need, crew_name
from svc_transcode.processing.tables import WORKERS

SHARD = 0
PAGE = 500

GONE = timedelta(minutes=1)
"""Without a word for this long a worker is taken for gone; each speaks every ten seconds."""
KNOWN = 1.0
"""Seconds for which what was read is believed: every job's end asks."""

LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)

_SLOTS, _ABILITY, _TIME = integer("slots"), integer("ability"), timestamp("announce_time")


@dataclass(frozen=True, slots=True)
class Worker:
    """What a worker says of itself."""

    name: str
    slots: int
    ability: Need
    encoders: tuple[str, ...]
    memory_bytes: int


@dataclass(frozen=True, slots=True)
class Present:
    """The workers that are there."""

    crews: tuple[Crew, ...]
    told: bool
    """Whether any worker said anything in the last day. Otherwise they may be of a kind that does not."""

    def able(self, need: Need) -> tuple[Crew, ...]:
        """The crews that can do what needs this; the largest first."""
        return tuple(sorted((one for one in self.crews if one.can(need)), key=lambda one: (-one.slots, one.name)))

    def serves(self, need: Need) -> bool:
        """Whether somebody can do what needs this, as far as is known."""
        return not self.told or any(one.can(need) for one in self.crews)

    def has(self, crew: str) -> bool:
        """Whether there is such a crew now."""
        return crew == ANYBODY if not self.told else any(one.name == crew for one in self.crews)


NOBODY_TOLD = Present((), told=False)
UNKNOWN = Crew(EVERYTHING, 0)
"""Stands for workers that do not say what they can do."""


class Crews:
    """The list of workers; every replica reads and writes the same."""

    def __init__(
        self, tables: Tables, clock: Callable[[], float], now: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        """`clock`: seconds, monotonic."""
        self._tables = tables
        self._clock = clock
        self._now = now
        self._seen: tuple[float, Present] | None = None

    async def announce(self, worker: Worker) -> bool:
        """The worker is there; whether it is the first of its crew."""
        before = await self.present()
        await self._keep(worker, self._now())
        if before.told and before.has(crew_name(worker.ability)):
            # Thousands say so all the time: that there is one more of them is soon enough known.
            return False
        self._seen = None
        return True

    async def leave(self, worker: Worker) -> None:
        """The worker takes no more jobs."""
        await self._keep(worker, LONG_AGO)
        self._seen = None

    async def _keep(self, worker: Worker, time: datetime) -> None:
        row: dict[str, Value] = {
            "shard": SHARD,
            "name": worker.name,
            "slots": worker.slots,
            "ability": int(worker.ability),
            "encoders": ",".join(worker.encoders),
            "memory_bytes": worker.memory_bytes,
            "announce_time": time,
        }
        await self._tables.put(WORKERS, row, durable=False)

    async def present(self) -> Present:
        """Who is there, as of a second ago at most."""
        if self._seen is not None and self._clock() - self._seen[0] < KNOWN:
            return self._seen[1]
        slots, told, cursor, since = Counter[Need](), False, None, self._now() - GONE
        while True:
            page = await self._tables.scan(WORKERS, {"shard": SHARD}, limit=PAGE, cursor=cursor)
            for row in page.rows:
                told = True
                if _TIME.of(row) >= since:
                    slots[Need(_ABILITY.of(row))] += _SLOTS.of(row)
            cursor = page.cursor
            if cursor is None:
                break
        found = Present(tuple(Crew(ability, slots[ability]) for ability in sorted(slots)), told)
        self._seen = self._clock(), found
        return found
