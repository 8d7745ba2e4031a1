"""Hears of parts that were confirmed, and looks by itself where nothing is heard: a wake may be lost.

Only uploads that this process has heard of are looked at, and those that were followed when it began. Each replica
does so; the tables let one of them win.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import grpc.aio

from mesh.bus import Bus
from svc_transcode.processing.following import PASSING, Following
from svc_transcode.processing.overlapping import Overlapping
from svc_transcode.processing.store import ProcessingStore
from vidmesh.upload.v1.upload_events_pb2 import PartsConfirmed

if TYPE_CHECKING:
    from structlog.typing import FilteringBoundLogger

SOON = 5.0
"""Seconds after which an upload is looked at without a wake."""

SELDOM = 60.0
"""The same for one that has stood still for as long."""

FOLD = 0.1
"""Seconds between two looks at the same upload, at least: parts that come quicker are seen together."""

LOOKERS = 4
"""Uploads that are looked at at the same time."""


@dataclass(slots=True)
class _Followed:
    next_look: float
    there: int = -1
    """Bytes, at the last look."""
    since: float = 0.0
    """When they came."""


class Arrivals:
    """Follows uploads."""

    def __init__(
        self,
        store: ProcessingStore,
        overlapping: Overlapping,
        following: Following,
        bus: Bus,
        log: FilteringBoundLogger,
        clock: Callable[[], float],
    ) -> None:
        """`clock`: seconds, monotonic."""
        self._store = store
        self._overlapping = overlapping
        self._following = following
        self._bus = bus
        self._log = log
        self._clock = clock
        self._followed: dict[str, _Followed] = {}
        self._due: asyncio.Queue[str] = asyncio.Queue()
        self._listed: set[str] = set()
        self._looking: set[str] = set()
        self.listening = asyncio.Event()
        """Set once wakes are heard."""

    async def run(self) -> None:
        """Until cancelled."""
        async with self._bus.wakes(PartsConfirmed) as wakes, asyncio.TaskGroup() as group:
            self.listening.set()
            for _ in range(LOOKERS):
                group.create_task(self._look_at_all())
            group.create_task(self._remember())
            group.create_task(self._look_again())
            async for wake in wakes:
                if wake is None:
                    self._all_due()
                else:
                    self._heard(wake.video_id)

    def _heard(self, video_id: str) -> None:
        self._followed.setdefault(video_id, _Followed(self._clock() + SOON))
        self._is_due(video_id)

    def _is_due(self, video_id: str) -> None:
        if video_id not in self._listed:
            self._listed.add(video_id)
            self._due.put_nowait(video_id)

    def _all_due(self) -> None:
        for video_id in self._followed:
            self._is_due(video_id)

    async def _remember(self) -> None:
        """What was followed when this process began."""
        while True:
            try:
                async for video_id in self._store.active():
                    head = await self._store.head(video_id)
                    if head is not None and not head.value.complete:
                        self._heard(video_id)
            except PASSING as error:
                self._log.warning("uploads cannot be listed yet", error=str(error))
                await asyncio.sleep(SOON)
                continue
            return

    async def _look_again(self) -> None:
        while True:
            await asyncio.sleep(1)
            now = self._clock()
            for video_id, followed in self._followed.items():
                if followed.next_look <= now:
                    self._is_due(video_id)

    async def _look_at_all(self) -> None:
        while True:
            video_id = await self._due.get()
            self._listed.discard(video_id)
            if video_id in self._looking:
                # Another is at it, and may have looked before what woke us.
                asyncio.get_running_loop().call_later(FOLD, self._is_due, video_id)
                continue
            self._looking.add(video_id)
            try:
                await self._look(video_id)
                await asyncio.sleep(FOLD)
            finally:
                self._looking.discard(video_id)

    async def _look(self, video_id: str) -> None:
        followed = self._followed.setdefault(video_id, _Followed(self._clock() + SOON))
        try:
            there = await self._overlapping.look(video_id)
        except (*PASSING, grpc.aio.AioRpcError) as error:
            self._log.warning("an upload cannot be looked at", video_id=video_id, error=str(error))
            followed.next_look = self._clock() + SOON
            return
        if there is None:
            self._followed.pop(video_id, None)
            self._following.due(video_id)
            return
        now = self._clock()
        if there != followed.there:
            followed.there, followed.since = there, now
            self._following.due(video_id)
        followed.next_look = now + (SOON if now - followed.since < SELDOM else SELDOM)
