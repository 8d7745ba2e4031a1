"""Captions of a video kept and taken away: the text in the object store, the rest in the video's head."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Final, Protocol

from mesh.contention import LostRace, settle
from mesh.errors import exhausted, not_found, precondition
from mesh.objects import ObjectMissing
from svc_transcode.media.captions import webvtt
from svc_transcode.media.captions.cues import Cue
from svc_transcode.media.captions.lines import lines_of
from svc_transcode.processing import captions
from svc_transcode.processing.advancing import FOREVER
from svc_transcode.processing.model import Caption, Head, Origin
from svc_transcode.processing.store import ProcessingStore
from vidmesh.common.v1.error_reason_pb2 import ErrorReason

ATTEMPTS: Final = 40
"""Workers may finish chunks of the same video at the same moment."""


class Texts(Protocol):
    """The media prefix of a video."""

    async def put(self, video_id: str, path: str, text: str, content_type: str, cache_control: str) -> None:
        """Store a text."""
        ...

    async def get(self, video_id: str, path: str) -> bytes:
        """An object. Raises ObjectMissing."""
        ...

    async def delete(self, video_id: str, path: str) -> None:
        """Delete one object; one that is not there is no error."""
        ...


class Keeping:
    """Adds, removes and reads captions; manifests follow from what the head says."""

    def __init__(self, store: ProcessingStore, texts: Texts, due: Callable[[str], None]) -> None:
        """`due` is told of videos that want a new generation of manifests."""
        self._store = store
        self._texts = texts
        self._due = due

    async def head(self, video_id: str) -> Head | None:
        """What is known of a video; None before anything of its file has arrived."""
        found = await self._store.head(video_id)
        return found.value if found else None

    async def add(self, video_id: str, language: str, name: str, cues: Sequence[Cue]) -> Caption:
        """Add or replace the captions of a language and a name. Raises VIDEO_NOT_STARTED, TOO_MANY_CAPTIONS."""
        text = await asyncio.to_thread(webvtt.write, cues)
        language, name = captions.canonical(language), captions.clean(name)
        own, end = captions.caption_id(language, name), max(cue.end for cue in cues)

        async def keep() -> Caption:
            before = await self._store.head(video_id)
            if before is None:
                raise _not_started()
            # Another name at each attempt: what is not named is deleted by whoever sees it first.
            path = f"c/u-{secrets.token_hex(8)}/captions.vtt"
            caption = Caption(own, language, name, path, Origin.UPLOADED, len(cues), end, datetime.now(UTC))
            after = captions.with_caption(before.value, caption)
            if after is None:
                raise exhausted(
                    ErrorReason.ERROR_REASON_TOO_MANY_CAPTIONS,
                    f"A video has at most {captions.MOST} tracks of captions. Delete one first.",
                    limit=str(captions.MOST),
                )
            # Looked after from now on, should this process end before the manifests follow.
            await self._store.activate(video_id)
            await self._texts.put(video_id, path, text, webvtt.CONTENT_TYPE, FOREVER)
            if not await self._store.commit(before, after):
                await self._texts.delete(video_id, path)
                raise LostRace
            await self._drop_unlisted(before.value, after)
            return caption

        caption = await settle(keep, ATTEMPTS)
        await self._follow(video_id)
        return caption

    async def remove(self, video_id: str, caption_id: str) -> None:
        """Take captions away; none of that id is no error."""

        async def drop() -> bool:
            before = await self._store.head(video_id)
            if before is None or (after := captions.without(before.value, caption_id)) == before.value:
                return False
            await self._store.activate(video_id)
            if not await self._store.commit(before, after):
                raise LostRace
            await self._drop_unlisted(before.value, after)
            return True

        if await settle(drop, ATTEMPTS):
            await self._follow(video_id)

    async def cues(self, video_id: str, caption_id: str) -> tuple[Caption, tuple[Cue, ...]]:
        """What captions say. Raises CAPTION_NOT_FOUND."""

        async def read() -> tuple[Caption, tuple[Cue, ...]]:
            head = await self.head(video_id)
            for caption in head.captions if head else ():
                if caption.caption_id == caption_id:
                    try:
                        text = await self._texts.get(video_id, caption.path)
                    except ObjectMissing:
                        # Replaced since the head was read.
                        raise LostRace from None
                    return caption, await asyncio.to_thread(_read, text)
            raise not_found(
                ErrorReason.ERROR_REASON_CAPTION_NOT_FOUND,
                "The video has no such captions.",
                video_id=video_id,
                caption_id=caption_id,
            )

        return await settle(read)

    async def _drop_unlisted(self, before: Head, after: Head) -> None:
        """Delete what is no longer named and was in no manifest; the rest goes once there are others."""
        for path in set(captions.paths(before)) - set(captions.paths(after)) - set(before.listed_captions):
            await self._texts.delete(before.video_id, path)

    async def _follow(self, video_id: str) -> None:
        # Once more: a sweep that was under way may have taken the video off its list in between.
        await self._store.activate(video_id)
        self._due(video_id)


def _read(text: bytes) -> tuple[Cue, ...]:
    return webvtt.read(lines_of(text))


def _not_started() -> Exception:
    return precondition(
        ErrorReason.ERROR_REASON_VIDEO_NOT_STARTED,
        "Nothing of the video's file has arrived yet. Add captions once its upload is under way.",
    )
