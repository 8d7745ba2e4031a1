"""Uploads that resume: `Uploader(client, journal).upload(path, channel_id, Video(title="…"))`.

Killed at any moment, by any signal, the next call with the same file and channel goes on where this one stopped.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import grpc

from vidmesh.client.errors import ClientError, VidmeshError
from vidmesh.client.journal import Entry, Journal
from vidmesh.client.source import Source, SourceChangedError
from vidmesh.client.transfer import Progress, Transfer
from vidmesh.upload.v1.upload_pb2 import Upload, UploadState
from vidmesh.upload.v1.upload_service_pb2 import (
    AbortUploadRequest,
    CompleteUploadRequest,
    CreateUploadRequest,
    GetUploadRequest,
)
from vidmesh.upload.v1.video_pb2 import Video
from vidmesh.upload.v1.video_service_pb2 import PublishVideoRequest, UpdateVideoRequest

if TYPE_CHECKING:
    from vidmesh.client.client import Client

EDITABLE: Final = ("title", "description", "tags", "category", "language", "age_restriction", "content_type")
"""What of a video is given at the upload and can be changed later by UpdateVideo."""


@dataclass(frozen=True, slots=True)
class Uploaded:
    """A finished upload."""

    upload_id: str
    video_id: str
    seconds: float
    """From the call to CompleteUpload's answer."""
    resumed: bool
    """It had been begun before."""
    entry: Entry
    """For `Uploader.forget`."""


def _ignore(_: object) -> None:
    """Nobody wants to know."""


class Uploader:
    """Uploads files to one installation for the account that is signed in."""

    def __init__(
        self,
        client: Client,
        journal: Journal,
        progress: Callable[[Progress], None] = _ignore,
        notice: Callable[[str], None] = _ignore,
    ) -> None:
        """`progress` is called often, on the event loop; `notice` gets a sentence when something unusual is done."""
        self._client = client
        self._journal = journal
        self._progress = progress
        self._notice = notice

    async def upload(self, path: Path, channel_id: str, video: Video, *, keep_entry: bool = False) -> Uploaded:
        """Sends a file and completes its upload, or goes on with one that was interrupted.

        With `keep_entry` the journal remembers the upload until `forget` is called, so that a caller who waits for
        processing and dies meanwhile finds the same video again.

        Raises `SourceChangedError` when the file changes meanwhile; the upload is then given up. Raises
        `VidmeshError` and `ClientError` with the upload left as it is, to be resumed.
        """
        began = time.monotonic()
        source = Source.open(path)
        try:
            found = await self._found(source, channel_id)
            try:
                upload, entry = await self._sent(source, found, channel_id, video)
            except SourceChangedError:
                # Parts sent long ago may differ from a file whose size and time are unchanged.
                source.check()
                if found is None:
                    raise
                self._notice(f"{source.path.name} is not what was uploaded of it before: starting anew.")
                found = None
                upload, entry = await self._sent(source, None, channel_id, video)
        finally:
            source.close()
        if not keep_entry:
            self._journal.forget(upload.account_id, entry)
        return Uploaded(upload.upload_id, upload.video_id, time.monotonic() - began, found is not None, entry)

    def forget(self, uploaded: Uploaded) -> None:
        """The caller has all that it wanted of this upload; the same file is uploaded anew next time."""
        self._journal.forget(self._account_id, uploaded.entry)

    @property
    def _account_id(self) -> str:
        sign_in = self._client.signed_in
        if sign_in is None:
            raise ClientError("Nobody is signed in; `vidmesh login` does it.")
        return sign_in.account_id

    async def _found(self, source: Source, channel_id: str) -> Entry | None:
        """The journal's entry for this very file; one for a former state of it is given up."""
        entry = self._journal.find(self._account_id, channel_id, source.path)
        if entry is not None and entry.fingerprint != source.fingerprint:
            self._notice(f"{source.path.name} has changed since its upload began: starting anew.")
            await self._give_up(entry)
            return None
        return entry

    async def _sent(self, source: Source, found: Entry | None, channel_id: str, video: Video) -> tuple[Upload, Entry]:
        upload, entry = await self._begun(source, found, channel_id, video)
        if upload.state == UploadState.UPLOAD_STATE_ACTIVE:
            try:
                transfer = Transfer(
                    self._client.uploads, self._client.edge, source, upload, self._progress, self._notice
                )
                digest = await transfer.run()
                source.check()
            except SourceChangedError:
                await self._give_up(entry)
                raise
            request = CompleteUploadRequest(upload_id=upload.upload_id, digest=digest)
            upload = (await self._client.uploads.CompleteUpload(request)).upload
        await self._apply(entry.request.video, video, upload.video_id)
        return upload, entry

    async def _begun(self, source: Source, found: Entry | None, channel_id: str, video: Video) -> tuple[Upload, Entry]:
        if found is not None and (upload := await self._resumable(found)) is not None:
            return upload, found.known_as(upload.upload_id)
        request = CreateUploadRequest(
            request_id=str(uuid.uuid4()),
            channel_id=channel_id,
            size_bytes=source.fingerprint.size,
            filename=source.path.name[:255],
            video=video,
        )
        entry = Entry(str(source.path), source.fingerprint, request)
        # Before the call: who dies while it is under way finds its result again by the request_id.
        self._journal.keep(self._account_id, entry)
        upload = await self._created(entry)
        return upload, entry.known_as(upload.upload_id)

    async def _created(self, entry: Entry) -> Upload:
        try:
            upload = (await self._client.uploads.CreateUpload(entry.request)).upload
        except VidmeshError as error:
            if error.code not in (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED):
                # It was refused, so there is nothing to go on with.
                self._journal.forget(self._account_id, entry)
            raise
        self._journal.keep(self._account_id, entry.known_as(upload.upload_id))
        return upload

    async def _resumable(self, entry: Entry) -> Upload | None:
        """The upload of an entry where it can be gone on with, or is complete already."""
        try:
            if entry.upload_id:
                request = GetUploadRequest(upload_id=entry.upload_id)
                upload = (await self._client.uploads.GetUpload(request)).upload
            else:
                upload = await self._created(entry)
        except VidmeshError as error:
            if error.reason not in ("UPLOAD_NOT_FOUND", "REQUEST_ID_REUSED"):
                raise
            return None
        if upload.state in (UploadState.UPLOAD_STATE_ACTIVE, UploadState.UPLOAD_STATE_COMPLETED):
            return upload
        self._notice("The upload that was begun before is no longer kept: starting anew.")
        return None

    async def _give_up(self, entry: Entry) -> None:
        self._journal.forget(self._account_id, entry)
        if not entry.upload_id:
            return
        try:
            await self._client.uploads.AbortUpload(AbortUploadRequest(upload_id=entry.upload_id))
        except VidmeshError as error:
            # It expires by itself; only that it does so later is worth a word.
            self._notice(f"The former upload could not be deleted: {error}")

    async def _apply(self, sent: Video, wanted: Video, video_id: str) -> None:
        """A resumed upload was created with the words of the first attempt; the last ones count."""
        changed = [name for name in EDITABLE if getattr(sent, name) != getattr(wanted, name)]
        if changed:
            update = UpdateVideoRequest(video=wanted)
            update.video.video_id = video_id
            update.update_mask.paths.extend(changed)
            await self._client.videos.UpdateVideo(update)
        if sent.visibility != wanted.visibility and wanted.visibility:
            await self._client.videos.PublishVideo(PublishVideoRequest(video_id=video_id, visibility=wanted.visibility))
