"""Jobs of an upload that goes on are queued when their parts are there.

Every step may be repeated: a job is queued before the head says so, and one that is queued twice is done once.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from svc_transcode.processing import arrival as rules
from svc_transcode.processing.arrival import Slip
from svc_transcode.processing.model import Head, State
from svc_transcode.processing.queue import Queue
from svc_transcode.processing.store import ProcessingStore, Versioned


@dataclass(frozen=True, slots=True)
class Feeding:
    """From parts to queued jobs."""

    store: ProcessingStore
    queue: Queue

    async def release(self, head: Versioned[Head]) -> bool:
        """Queue the jobs whose parts are there, once all are every job; whether anything changed by it.

        Raises what the stores raise.
        """
        video, arrived = head.value, head.value.arrival
        parked = rules.due(video.parked, arrived, video.complete)
        slips = [Slip(one.name, one.priority) for one in parked]
        after = replace(video, parked=tuple(one for one in video.parked if one not in parked))
        if arrived is not None and video.state is not State.PROBING:
            lines = await self.store.lines(video.video_id)
            until = rules.released(arrived, lines, video.complete)
            slips += rules.slips(lines, rules.before(arrived, lines), until)
            after = replace(after, arrival=None if video.complete else replace(arrived, released=until))
        if after == video:
            return False
        await self.queue.add(video, slips)
        if await self.store.commit(head, after) and arrived is not None and after.arrival is None:
            await self.store.forget_lines(video.video_id)
        return True
