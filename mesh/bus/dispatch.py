"""The dispatcher: which jobs go into a queue next, when the queue itself is first-in first-out.

A few more jobs than the workers have slots are released, so that no worker waits, and the rest stays in the owner's
tables, where their order can still change.
"""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict, deque
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Protocol

from mesh.bus.errors import BusError
from mesh.tables import TableError

_log = logging.getLogger(__name__)

AHEAD: Final = 2
"""Jobs released for each slot of the workers: one that runs, one that waits."""

SHARE: Final = 4
"""Of so many jobs that are released one is a patient one, while any waits: others alone do not fill the workers."""

_EXAMINED: Final = 1000
_REMEMBERED: Final = 10_000
_IDLE: Final = timedelta(seconds=2)


@dataclass(frozen=True, slots=True)
class Queued:
    """A job that could be released."""

    job_id: str
    priority: int
    """Higher ones go first, whatever their group."""
    group: str
    """Whom it is for; groups take turns."""
    enqueued: datetime
    patient: bool = False
    """Nobody waits for it at the moment. Such jobs get a share, whatever has a higher priority."""


class DispatchStore(Protocol):
    """What the dispatcher needs of the tables that hold the jobs."""

    async def ready(self, limit: int) -> Sequence[Queued]:
        """Jobs that could be released and are not: those of highest priority, and of as many groups as possible; and
        likewise of patient ones.
        """
        ...

    async def released_count(self) -> int:
        """Jobs that are released and not finished."""
        ...

    async def mark_released(self, job: Queued) -> None:
        """Note that the job was put into the queue. Called again for the same job after a crash."""
        ...


def choose(ready: Iterable[Queued], room: int, served: Sequence[str] = (), behind: int = 0) -> list[Queued]:
    """Which jobs go next: by priority; within one, groups in turn, each its oldest job first. Of `SHARE` jobs one is
    patient, if any such waits.

    `served` are groups in the order in which they last had a turn, latest last: those wait until the others
    had theirs. `behind`: jobs that were released since the last patient one.
    """
    lines = _Lines(ready, served)
    chosen: list[Queued] = []
    while len(chosen) < room:
        job = (lines.take(patient=True) if behind >= SHARE - 1 else None) or lines.take()
        if job is None:
            break
        chosen.append(job)
        behind = behind_after(job, behind)
    return chosen


def behind_after(job: Queued, behind: int) -> int:
    """Jobs since the last patient one, with this one."""
    return 0 if job.patient else behind + 1


class _Lines:
    """Who waits, by priority and group."""

    def __init__(self, ready: Iterable[Queued], served: Sequence[str]) -> None:
        self._turns = {group: turn for turn, group in enumerate(served, start=1)}
        self._turn = len(served) + 1
        by_priority: defaultdict[tuple[int, bool], defaultdict[str, list[Queued]]] = defaultdict(
            lambda: defaultdict(list)
        )
        for job in ready:
            by_priority[-job.priority, job.patient][job.group].append(job)
        self._lines = {
            place: {
                group: deque(sorted(jobs, key=lambda job: (job.enqueued, job.job_id)))
                for group, jobs in by_priority[place].items()
            }
            for place in sorted(by_priority)
        }

    def take(self, *, patient: bool = False) -> Queued | None:
        """The job whose turn it is, of all or of the patient ones; None where none is left."""
        for place, lines in self._lines.items():
            if not lines or (patient and not place[1]):
                continue
            # Who never had a turn comes first, and among those the one that has waited longest.
            group = min(lines, key=lambda g: (self._turns.get(g, 0), lines[g][0].enqueued, g))
            job = lines[group].popleft()
            if not lines[group]:
                del lines[group]
            self._turns[group] = self._turn
            self._turn += 1
            return job
        return None


class Dispatcher:
    """Releases jobs as room comes up. One may run in every replica: releasing twice is harmless, but not as fair."""

    def __init__(
        self,
        store: DispatchStore,
        submit: Callable[[Queued], Awaitable[None]],
        slots: Callable[[], int],
        *,
        idle: timedelta = _IDLE,
    ) -> None:
        """`submit` puts a job into the queue, idempotently; `slots` says how many the workers have together."""
        self._store = store
        self._submit = submit
        self._slots = slots
        self._idle = idle
        self._served: dict[str, None] = {}
        self._behind = 0
        self._changed = asyncio.Event()

    def poke(self) -> None:
        """A job became ready, or one ended: look now."""
        self._changed.set()

    async def run(self) -> None:
        """Release until cancelled; errors that pass are logged and tried again."""
        while True:
            self._changed.clear()
            try:
                await self.release()
            except (BusError, TableError) as error:
                _log.warning("no jobs could be released: %s", error)
            try:
                async with asyncio.timeout(self._idle.total_seconds()):
                    await self._changed.wait()
            except TimeoutError:
                continue

    async def release(self) -> int:
        """Release what there is room for, once, and give the number."""
        room = AHEAD * self._slots() - await self._store.released_count()
        if room <= 0:
            return 0
        chosen = choose(await self._store.ready(_EXAMINED), room, tuple(self._served), self._behind)
        for job in chosen:
            # In this order a crash in between submits twice, which the queue refuses by the job's id.
            await self._submit(job)
            await self._store.mark_released(job)
            self._behind = behind_after(job, self._behind)
            self._served.pop(job.group, None)
            self._served[job.group] = None
            if len(self._served) > _REMEMBERED:
                del self._served[next(iter(self._served))]
        return len(chosen)
