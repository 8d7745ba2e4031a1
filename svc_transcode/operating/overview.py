"""What waits, what is out, and what was given up: read a page at a time."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Protocol

from mesh.errors import Fault, not_found, precondition
from svc_transcode.operating.counts import Counts
from svc_transcode.operating.domain import MENDED, Dead, Letter, Running, Statistics
from svc_transcode.processing.beginning import Beginning
from svc_transcode.processing.crews import Crews
from svc_transcode.processing.dispatching import SEEN_LATELY
from svc_transcode.processing.ids import JobId
from svc_transcode.processing.queue import Line, Queue
from svc_transcode.processing.store import ProcessingStore
from vidmesh.common.v1.error_reason_pb2 import ErrorReason


class Letters(Protocol):
    """`mesh.bus.letters.DeadLetters` of our jobs; every method raises BusUnavailable."""

    async def behind(self, number: int) -> Letter | None: ...
    async def get(self, number: int) -> Letter | None: ...
    async def remove(self, number: int) -> None: ...


class Overview:
    """The work of the installation."""

    def __init__(
        self,
        store: ProcessingStore,
        queue: Queue,
        beginning: Beginning,
        counts: Counts,
        letters: Letters,
        crews: Crews,
    ) -> None:
        self._store = store
        self._queue = queue
        self._beginning = beginning
        self._counts = counts
        self._letters = letters
        self._crews = crews

    async def statistics(self) -> Statistics:
        """How the work gets on."""
        now, running, workers = datetime.now(UTC), 0, set[str]()
        async for job in self._queue.released():
            running += 1
            if job.worker and now - job.report_time < SEEN_LATELY:
                workers.add(job.worker)
        present, needs = await self._crews.present(), await self._queue.needs()
        unserved = tuple(need for need in needs if not present.serves(need))
        return Statistics(running, len(workers), dict(await self._counts.lately()), unserved)

    async def waiting(self, most: int, cursor: bytes | None) -> tuple[list[tuple[Line, bool]], bytes | None]:
        """Lines of the queue, what goes first first; and whether no worker is there that could do them."""
        present = await self._crews.present()
        lines, cursor = await self._queue.lines(most, cursor)
        return [(line, not present.serves(line.need)) for line in lines], cursor

    async def running(self, most: int, cursor: bytes | None) -> tuple[list[Running], bytes | None]:
        """Jobs that are out; fewer where some ended meanwhile."""
        out, cursor = await self._queue.out(most, cursor)
        rows = await asyncio.gather(*(self._store.job(one.video_id, one.job) for one in out))
        return [Running(one, row.value) for one, row in zip(out, rows, strict=True) if row is not None], cursor

    async def dead(self, most: int, behind: int) -> tuple[list[Dead], int | None]:
        """Dead letters behind a number, and the number to go on behind; None at the end."""
        found: list[Dead] = []
        while len(found) < most:
            letter = await self._letters.behind(behind)
            if letter is None:
                return found, None
            behind = letter.number
            found.append(await self._known(letter))
        return found, behind

    async def dead_one(self, number: int) -> Dead:
        """One dead letter. Raises JOB_NOT_FOUND."""
        letter = await self._letters.get(number)
        if letter is None:
            raise not_found(ErrorReason.ERROR_REASON_JOB_NOT_FOUND, "No such job was given up.")
        return await self._known(letter)

    async def retry(self, number: int) -> str:
        """Have done again what is missing, and remove the letter: the video. Raises JOB_NOT_FOUND, NOTHING_TO_RETRY.

        The letter goes last: after a crash it is still there, and told again once the run that was begun has ended.
        """
        video_id = (await self.dead_one(number)).letter.letter.message.video_id
        head = await self._store.head(video_id)
        if head is not None and not head.value.ended:
            raise precondition(
                ErrorReason.ERROR_REASON_NOTHING_TO_RETRY,
                "The video's processing goes on: try this again when it has ended.",
            )
        if head is not None:
            try:
                await self._beginning.retry(video_id)
            except Fault as fault:
                if fault.reason not in MENDED:
                    raise
        await self._letters.remove(number)
        return video_id

    async def _known(self, letter: Letter) -> Dead:
        try:
            job_id = JobId.parse(letter.letter.message.job_id)
        except Fault:
            return Dead(letter, None)
        row = await self._store.job(job_id.video_id, job_id.job)
        return Dead(letter, None if row is None else row.value)
