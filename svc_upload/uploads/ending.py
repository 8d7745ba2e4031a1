"""How uploads end: complete, aborted or expired; and what is left to do afterwards.

The compare-and-set of the header's state is the moment that decides. Everything after it is idempotent, begun at once
by whoever decided, and done by the agenda where that one crashed: an item is noted before the decision.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

from mesh.contention import LostRace, settle
from mesh.objects import Objects
from svc_upload.agenda.store import Agenda, Item
from svc_upload.kinds import account_in, upload_item
from svc_upload.removal import Removal
from svc_upload.uploads.claims import Claims
from svc_upload.uploads.creating import upload_from
from svc_upload.uploads.domain import (
    UploadRecord,
    check_claimed,
    check_whole,
    completed,
    given_up,
    object_key,
    object_prefix,
    require_active,
    urls_dead,
    without_source,
)
from svc_upload.uploads.receiving import upload_not_found
from svc_upload.uploads.store import UploadStore
from svc_upload.videos.facts import uploaded
from svc_upload.videos.store import VideoStore
from vidmesh.upload.v1.upload_events_pb2 import UploadCompleted
from vidmesh.upload.v1.upload_pb2 import UploadState

GIVEN_UP: Final = (UploadState.UPLOAD_STATE_ABORTED, UploadState.UPLOAD_STATE_EXPIRED)

AGAIN: Final = timedelta(seconds=5)
"""Where something has to wait for the outbox."""

SOON: Final = timedelta(seconds=15)
"""When the agenda looks whether a decision's consequences were drawn."""


class Ending:
    """Ends uploads."""

    def __init__(
        self,
        uploads: UploadStore,
        claims: Claims,
        videos: VideoStore,
        agenda: Agenda,
        removal: Removal,
        objects: Objects,
        bucket: str,
        expire_after: timedelta,
        urls_work: timedelta,
    ) -> None:
        """`urls_work`: how long a signed URL may write an object after it was signed, by whichever clock."""
        self._uploads = uploads
        self._claims = claims
        self._videos = videos
        self._agenda = agenda
        self._removal = removal
        self._objects = objects
        self._bucket = bucket
        self._expire_after = expire_after
        self._urls_work = urls_work

    async def complete(self, upload: UploadRecord, claimed: bytes) -> UploadRecord:
        """CompleteUpload; again is no error. Raises PARTS_MISSING, UPLOAD_NOT_ACTIVE, DIGEST_MISMATCH, CONTENTION."""

        async def attempt() -> UploadRecord:
            before = await self._uploads.get(upload.upload_id)
            if before is None:
                raise upload_not_found()
            if before.state == UploadState.UPLOAD_STATE_COMPLETED:
                check_claimed(before.digest, claimed)
                return before
            require_active(before)
            parts = await self._uploads.all_parts(before.upload_id)
            digest = check_whole(before, {part.number: part.sha256 for part in parts})
            check_claimed(digest, claimed)
            now = datetime.now(UTC)
            after = completed(before, digest, now)
            await self._note(after, now + SOON)
            event = UploadCompleted(
                video_id=after.video_id,
                upload_id=after.upload_id,
                channel_id=after.channel_id,
                size_bytes=after.size_bytes,
            )
            if not await self._uploads.change(before, after, [event]):
                raise LostRace
            return after

        done = await settle(attempt)
        await self._after_completion(done)
        return done

    async def abort(self, upload: UploadRecord) -> None:
        """AbortUpload; again is no error. Raises UPLOAD_NOT_ACTIVE for a completed one, CONTENTION."""
        now = datetime.now(UTC)

        async def attempt() -> UploadRecord:
            before = await self._uploads.get(upload.upload_id)
            if before is None:
                raise upload_not_found()
            if before.state in GIVEN_UP:
                return before
            require_active(before)
            return await self._give_up(before, UploadState.UPLOAD_STATE_ABORTED, now)

        await self._clear(await settle(attempt), now)

    async def discard(self, upload_id: str, now: datetime) -> None:
        """Nobody needs an upload's objects any more: they go soon, and so does what they count. May be repeated.

        Raises CONTENTION.
        """

        async def attempt() -> None:
            before = await self._uploads.get(upload_id)
            if before is None or before.state in GIVEN_UP:
                return
            if before.state == UploadState.UPLOAD_STATE_ACTIVE:
                await self._give_up(before, UploadState.UPLOAD_STATE_ABORTED, now)
                return
            # Also where the source is gone already: its header may have been waiting for this video to go.
            await self._note(before, now)
            if not before.source_gone and not await self._uploads.change(before, without_source(before)):
                raise LostRace

        await settle(attempt)

    async def look_after(self, item: Item, now: datetime) -> datetime | None:
        """The agenda's handler of uploads: expire what is over, heal what a crash left, sweep what came late."""
        upload = await self._uploads.get(item.subject) or await self._fenced(item, now)
        if upload is None:
            return None
        match upload.state:
            case UploadState.UPLOAD_STATE_ACTIVE:
                return await self._expire(upload, now)
            case UploadState.UPLOAD_STATE_COMPLETED:
                return await self._settle_completed(upload, now)
            case _:
                return await self._clear(upload, now)

    async def _fenced(self, item: Item, now: datetime) -> UploadRecord | None:
        """Of an upload that was begun and never made: an expired header, so that nobody makes it any more."""
        claim = await self._claims.get(account_in(item), item.subject)
        if claim is None:
            return None
        upload = upload_from(claim, "", now)
        return await self._uploads.create(given_up(upload, UploadState.UPLOAD_STATE_EXPIRED, now))

    async def _expire(self, upload: UploadRecord, now: datetime) -> datetime | None:
        if upload.expire_time > now:
            return upload.expire_time
        try:
            return await self._clear(await self._give_up(upload, UploadState.UPLOAD_STATE_EXPIRED, now), now)
        except LostRace:
            return now + timedelta(seconds=1)

    async def _give_up(self, before: UploadRecord, state: UploadState.ValueType, now: datetime) -> UploadRecord:
        after = given_up(before, state, now)
        await self._note(after, now)
        if not await self._uploads.change(before, after):
            raise LostRace
        return after

    async def _after_completion(self, upload: UploadRecord) -> None:
        await self._videos.change(upload.video_id, uploaded)
        await self._claims.close(upload.account_id, upload.upload_id)

    async def _settle_completed(self, upload: UploadRecord, now: datetime) -> datetime | None:
        await self._after_completion(upload)
        if upload.source_gone:
            await self._objects.delete_prefix(self._bucket, object_prefix(upload.upload_id))
            await self._claims.release(upload.account_id, upload.upload_id)
        dead = urls_dead(upload, self._urls_work)
        if now < dead:
            return dead
        if not upload.source_gone:
            await self._delete_strays(upload)
            return None
        video = await self._videos.get(upload.video_id)
        if video is not None and not video.purging:
            # The header goes on saying that the source is gone; purging the video brings this item back.
            return None
        return None if video is None and await self._uploads.forget(upload) else now + AGAIN

    async def _clear(self, upload: UploadRecord, now: datetime) -> datetime | None:
        """Everything of an upload that was given up goes; when to look again, None once nothing is left.

        Its header stays a while, so that a request that is repeated late is told what became of it.
        """
        await self._objects.delete_prefix(self._bucket, object_prefix(upload.upload_id))
        video_gone = await self._removal.remove_video(upload.video_id)
        await self._claims.release(upload.account_id, upload.upload_id)
        if not video_gone:
            return now + AGAIN
        dead = urls_dead(upload, self._urls_work)
        for due in (dead, dead + self._expire_after):
            if now < due:
                return due
        return None if await self._uploads.forget(upload) else now + AGAIN

    async def _delete_strays(self, upload: UploadRecord) -> None:
        """Objects that were stored and never confirmed, such as another try of a part with other content."""
        parts = await self._uploads.all_parts(upload.upload_id)
        wanted = {object_key(upload.upload_id, part.number, part.sha256) for part in parts}
        cursor: str | None = None
        while True:
            page = await self._objects.list(self._bucket, object_prefix(upload.upload_id), cursor=cursor)
            for found in page.objects:
                if found.key not in wanted:
                    await self._objects.delete(self._bucket, found.key)
            cursor = page.cursor
            if cursor is None:
                return

    async def _note(self, upload: UploadRecord, due: datetime) -> None:
        await self._agenda.note(upload_item(upload.upload_id, upload.account_id, due))
