"""The loops beside the calls: what follows from finished jobs, at once and by the sweep."""

from __future__ import annotations

import asyncio
import contextlib
from datetime import timedelta
from typing import TYPE_CHECKING

from mesh.bus import BusError
from mesh.errors import Fault
from mesh.objects import ObjectError
from mesh.tables import TableError
from svc_transcode.processing.advancing import Advancing
from svc_transcode.processing.dispatching import Dispatching
from svc_transcode.processing.recovering import LOST, Recovering
from svc_transcode.processing.store import ProcessingStore
from svc_transcode.processing.watching import Wakes

if TYPE_CHECKING:
    from structlog.typing import FilteringBoundLogger

AGAIN = 1.0
PASSING = (TableError, BusError, ObjectError, Fault)


class Following:
    """Videos whose next step is due."""

    def __init__(
        self,
        store: ProcessingStore,
        advancing: Advancing,
        recovering: Recovering,
        dispatcher: Dispatching,
        wakes: Wakes,
        log: FilteringBoundLogger,
        sweep_every: timedelta,
    ) -> None:
        """`sweep_every`: between two looks at everything that has not ended. Only a crash makes it wait for this."""
        self._store = store
        self._advancing = advancing
        self._recovering = recovering
        self._dispatcher = dispatcher
        self._wakes = wakes
        self._log = log
        self._sweep_every = sweep_every.total_seconds()
        self._due: asyncio.Queue[str] = asyncio.Queue()
        self._listed: set[str] = set()
        self._sweep_now = asyncio.Event()

    def due(self, video_id: str) -> None:
        """Something of the video changed: see what follows, and tell those who watch."""
        self._dispatcher.poke()
        if video_id not in self._listed:
            self._listed.add(video_id)
            self._due.put_nowait(video_id)

    def workers_came(self) -> None:
        """Some that can do what none could a moment ago: what was released to nobody is for them."""
        self._dispatcher.poke()
        self._sweep_now.set()

    async def run(self) -> None:
        """Take the steps, until cancelled. What fails in passing is tried again."""
        while True:
            video_id = await self._due.get()
            self._listed.discard(video_id)
            await self._wakes.changed(video_id)
            try:
                await self._advancing.advance(video_id)
            except PASSING as error:
                self._log.warning("a step has to wait", video_id=video_id, error=str(error))
                asyncio.get_running_loop().call_later(AGAIN, self.due, video_id)
                continue
            self._dispatcher.poke()
            await self._wakes.changed(video_id)

    async def sweep(self) -> None:
        """Look at everything that has not ended, now and then, until cancelled."""
        while True:
            soon = False
            self._sweep_now.clear()
            try:
                async for video_id in self._store.active():
                    self.due(video_id)
                soon = await self._recovering.look()
                await self._dispatcher.warn()
            except PASSING as error:
                self._log.warning("the sweep has to wait", error=str(error))
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(min(LOST, self._sweep_every) if soon else self._sweep_every):
                    await self._sweep_now.wait()
