"""Following a video's processing: wakes tell that something changed, the tables what."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from mesh.bus import Bus
from svc_transcode.processing import view
from svc_transcode.processing.model import Head
from svc_transcode.processing.store import ProcessingStore, Versioned
from vidmesh.transcode.v1 import transcode_pb2 as pb
from vidmesh.transcode.v1.transcode_events_pb2 import ProcessingChanged

FOLD = 0.25
"""Seconds between two messages of one stream: changes that come quicker are folded into one."""

LOOK = 5.0
"""Seconds after which it looks without being woken: a wake may be lost."""


class Wakes:
    """Tells those who watch a video."""

    def __init__(self, bus: Bus) -> None:
        self._bus = bus

    async def changed(self, video_id: str) -> None:
        """Something of it is new."""
        await self._bus.publish(ProcessingChanged(video_id=video_id))


class Watching:
    """Streams of a video's processing."""

    def __init__(self, store: ProcessingStore, bus: Bus) -> None:
        self._store = store
        self._bus = bus

    async def now(self, head: Versioned[Head]) -> pb.Processing:
        """As it stands."""
        running = {} if head.value.ended else await self._store.reports(head.value.video_id)
        return view.processing(head.value, head.version, running)

    async def follow(self, video_id: str, seen: int) -> AsyncIterator[pb.Processing]:
        """How it stands, unless that was `seen` (a sequence; 0: nothing was), then every change, until it has ended."""
        async with self._bus.wakes(ProcessingChanged, key=video_id) as wakes:
            woken = asyncio.create_task(anext(wakes, None))
            last: pb.Processing | None = None
            try:
                while True:
                    head = await self._store.head(video_id)
                    if head is None:
                        return
                    now = await self.now(head)
                    known = seen == now.sequence and last is None and not head.value.ended
                    if now != last and not known:
                        yield now
                    last = now
                    if head.value.ended:
                        return
                    await asyncio.sleep(FOLD)
                    await asyncio.wait({woken}, timeout=LOOK)
                    if woken.done():
                        woken = asyncio.create_task(anext(wakes, None))
            finally:
                woken.cancel()
