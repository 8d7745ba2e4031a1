"""Pictures of a video kept, chosen and taken away: the files in the object store, the rest in the video's head."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final, Protocol

from mesh.contention import LostRace, settle
from svc_transcode.processing import pictures
from svc_transcode.processing.advancing import FOREVER
from svc_transcode.processing.model import Head, Still
from svc_transcode.processing.store import Change, ProcessingStore, Versioned
from svc_transcode.thumbnails import domain
from svc_transcode.thumbnails.drawing import Drawn

ATTEMPTS: Final = 40
"""Workers may finish chunks of the same video at the same moment."""
CONTENT_TYPE: Final = "image/jpeg"


class Files(Protocol):
    """The media prefix of a video."""

    async def put_file(self, video_id: str, path: str, data: bytes, content_type: str, cache_control: str) -> None:
        """Store a file."""
        ...

    async def delete(self, video_id: str, path: str) -> None:
        """Delete one object; one that is not there is no error."""
        ...


class Keeping:
    """Changes which picture is shown, and tells of it."""

    def __init__(self, store: ProcessingStore, files: Files) -> None:
        self._store = store
        self._files = files

    async def head(self, video_id: str) -> Head | None:
        """What is known of a video; None before anything of its file has arrived."""
        found = await self._store.head(video_id)
        return found.value if found else None

    async def add(self, video_id: str, drawn: Drawn) -> Still:
        """Show a picture of its people's own, in the place of an earlier one. Raises VIDEO_NOT_STARTED."""

        async def keep() -> Still:
            before = await self._store.head(video_id)
            if before is None:
                raise domain.not_started()
            # Another name at each attempt: what is not named is deleted by whoever sees it first.
            path = f"t/u-{secrets.token_hex(8)}/picture.jpg"
            picture = Still(path, drawn.width, drawn.height, None)
            # Looked after from now on, should this process end with one picture too many.
            await self._store.activate(video_id)
            await self._files.put_file(video_id, path, drawn.data, CONTENT_TYPE, FOREVER)
            try:
                await self._commit(before, pictures.uploaded(before.value, picture))
            except LostRace:
                await self._files.delete(video_id, path)
                raise
            await self._drop_own(before.value)
            return picture

        kept = await settle(keep, ATTEMPTS)
        # Once more: a sweep that was under way may have taken the video off its list in between.
        await self._store.activate(video_id)
        return kept

    async def choose(self, video_id: str, wanted: str) -> Still:
        """Show another picture. Raises THUMBNAIL_NOT_FOUND."""
        head = await self._changed(video_id, lambda head: domain.chosen(head, wanted))
        picture = pictures.shown(head) if head else None
        if picture is None:
            raise domain.no_such_thumbnail(video_id, wanted)
        return picture

    async def remove(self, video_id: str, unwanted: str) -> None:
        """Delete the uploaded picture; none of that id is no error. Raises INVALID_FIELD for one of the video's own."""
        await self._changed(video_id, lambda head: domain.deleted(head, unwanted))

    async def _changed(self, video_id: str, rule: Callable[[Head], Head]) -> Head | None:
        async def change() -> Head | None:
            before = await self._store.head(video_id)
            if before is None or (after := rule(before.value)) == before.value:
                return before and before.value
            if after.own_still != before.value.own_still:
                await self._store.activate(video_id)
            await self._commit(before, after)
            if after.own_still != before.value.own_still:
                await self._drop_own(before.value)
            return after

        return await settle(change, ATTEMPTS)

    async def _commit(self, before: Versioned[Head], after: Head) -> None:
        after, told = pictures.decided(before.value, after, datetime.now(UTC))
        if not await self._store.commit(before, after, Change(events=told)):
            raise LostRace

    async def _drop_own(self, before: Head) -> None:
        # At once: who took it away wants nobody to see it.
        if before.own_still is not None:
            await self._files.delete(before.video_id, before.own_still.path)
