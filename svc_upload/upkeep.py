"""The agenda's handlers that are about videos; those about uploads are in `uploads/ending.py`."""

from __future__ import annotations

from datetime import datetime, timedelta

from svc_upload.agenda.store import Item
from svc_upload.kinds import run_in
from svc_upload.removal import Removal
from svc_upload.uploads.ending import AGAIN, Ending
from svc_upload.videos.edits import announced, purge_due, purged_if_due
from svc_upload.videos.store import VideoStore
from vidmesh.upload.v1.video_pb2 import ProcessingState


class Upkeep:
    """What time alone does to videos."""

    def __init__(
        self, videos: VideoStore, ending: Ending, removal: Removal, purge_after: timedelta, keeps_source: bool
    ) -> None:
        self._videos = videos
        self._ending = ending
        self._removal = removal
        self._purge_after = purge_after
        self._keeps_source = keeps_source

    async def purge(self, item: Item, now: datetime) -> datetime | None:
        """A deleted video goes for good, source and all, unless it was undeleted."""
        # The decision first, by compare-and-set: whoever undeletes it at this moment wins or is told that it is gone.
        record = await self._videos.change(item.subject, lambda record: purged_if_due(record, self._purge_after, now))
        if record is None:
            return None
        if not record.purging:
            return purge_due(record, self._purge_after)
        # The source before the row, which is what names it.
        await self._ending.discard(record.upload_id, now)
        return None if await self._removal.remove_video(record.video_id) else now + AGAIN

    async def drop_source(self, item: Item, now: datetime) -> datetime | None:
        """The source of a verified video goes, unless it has been processed again since."""
        record = await self._videos.get(item.subject)
        if record is None or self._keeps_source or record.finished_run != run_in(item):
            return None
        if record.state == ProcessingState.PROCESSING_STATE_PROCESSED:
            await self._ending.discard(record.upload_id, now)
        return None

    async def announce(self, item: Item, now: datetime) -> datetime | None:
        """A publish time has come: those who keep lists of public videos hear that this one changed."""
        await self._videos.change(item.subject, lambda record: announced(record, now))
        return None
