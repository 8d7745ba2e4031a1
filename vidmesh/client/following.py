"""Waiting for a video that has just been uploaded, until it is playable or all of it is made."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import aclosing
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from vidmesh.client.errors import ClientError
from vidmesh.transcode.v1.transcode_pb2 import Processing
from vidmesh.upload.v1.video_pb2 import ProcessingState

if TYPE_CHECKING:
    from vidmesh.client.client import Client


class Until(StrEnum):
    """What is waited for."""

    PLAYABLE = "playable"
    """The first rendition can be played to its end."""
    COMPLETE = "complete"
    """Every rendition that can be made is made, and was read back."""


class ProcessingFailedError(ClientError):
    """The file is there, and no video can be made of it; the text says why."""


@dataclass(frozen=True, slots=True)
class Followed:
    """How waiting ended. Seconds by this machine's clock since it began."""

    processing: Processing
    playable_seconds: float
    complete_seconds: float | None
    """None where it was not waited for."""


async def follow(
    client: Client, video_id: str, until: Until, changed: Callable[[Processing], None] = lambda _: None
) -> Followed:
    """Waits; `changed` is told every change. Raises `ProcessingFailedError` when processing fails."""
    began = time.monotonic()
    playable: float | None = None
    last = Processing()
    async with aclosing(client.watch_processing(video_id)) as changes:
        async for last in changes:
            changed(last)
            if last.state == ProcessingState.PROCESSING_STATE_FAILED:
                why = last.failure_message or "no reason is given."
                raise ProcessingFailedError(f"Video {video_id} cannot be processed: {why}")
            if playable is None and last.HasField("playable_time"):
                playable = time.monotonic() - began
                if until == Until.PLAYABLE:
                    return Followed(last, playable, None)
    complete = time.monotonic() - began
    return Followed(last, complete if playable is None else playable, complete)
