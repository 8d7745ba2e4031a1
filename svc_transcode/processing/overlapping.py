"""Processing that follows an upload which goes on: it is begun with, told what arrives, and given up with it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Protocol

from mesh.bus.tracing import current_trace
from mesh.contention import LostRace, settle
from svc_transcode.processing.arrival import Arrival
from svc_transcode.processing.beginning import Beginning
from svc_transcode.processing.model import Head, State
from svc_transcode.processing.sources import Seen, SourceGone
from svc_transcode.processing.store import ProcessingStore


class Uploads(Protocol):
    """The part of `sources.Uploads` that is used here."""

    async def seen(self, video_id: str, first: int) -> Seen:
        """Raises SourceGone."""
        ...


class Overlapping:
    """Uploads that go on."""

    def __init__(self, store: ProcessingStore, uploads: Uploads, beginning: Beginning) -> None:
        self._store = store
        self._uploads = uploads
        self._beginning = beginning

    async def look(self, video_id: str) -> int | None:
        """See what has arrived, and let jobs begin by it: bytes that are there, None where nothing is to be followed.

        Raises Fault, AioRpcError and what the stores raise; look again then.
        """

        async def attempt() -> int | None:
            head = await self._store.head(video_id)
            if head is not None and head.value.complete:
                return None
            known = head.value.arrival if head is not None else None
            try:
                seen = await self._uploads.seen(video_id, known.first_missing if known else 0)
            except SourceGone:
                if head is not None:
                    await self._beginning.purge(video_id)
                return None
            if head is None:
                return await self._begin(video_id, seen)
            if head.value.state is State.PROBING:
                await self._beginning.probe_unless_begun(head.value)
            now = (known or Arrival(seen.layout)).with_parts(seen.parts)
            after = replace(head.value, arrival=now, complete=seen.complete)
            if after != head.value and not await self._store.commit(head, after):
                raise LostRace
            return None if seen.complete else now.bytes

        return await settle(attempt)

    async def _begin(self, video_id: str, seen: Seen) -> int | None:
        """A video is begun with when the head of its file is there, for nothing can be found out before."""
        if seen.complete:
            # UploadCompleted is on its way, and tells whose video it is besides.
            return None
        now = Arrival(seen.layout).with_parts(seen.parts)
        if now.has(0):
            head = Head(
                video_id,
                seen.channel_id,
                seen.size,
                State.PROBING,
                run=1,
                start_time=datetime.now(UTC),
                trace=current_trace(),
                complete=False,
                arrival=replace(now, first_bytes=now.bytes),
            )
            await self._beginning.follow(head)
        return now.bytes
