"""Streams that go on where they were broken off: every server stream of the contracts is resumed by its cursor."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import TYPE_CHECKING, Final, cast

import grpc

from vidmesh.client.errors import VidmeshError
from vidmesh.client.retrying import Backoff, wait_before_repeat
from vidmesh.transcode.v1.transcode_pb2 import Processing
from vidmesh.transcode.v1.transcode_service_pb2 import WatchProcessingRequest, WatchProcessingResponse
from vidmesh.upload.v1.video_pb2 import ProcessingState

if TYPE_CHECKING:
    from vidmesh.transcode.v1.transcode_service_pb2_grpc import TranscodeServiceAsyncStub

KNOWN_PATIENCE: Final = 30.0
"""Seconds that TranscodeService may take to learn of a video whose upload has just been completed."""

ENDED: Final = frozenset({ProcessingState.PROCESSING_STATE_PROCESSED, ProcessingState.PROCESSING_STATE_FAILED})
"""States from which processing does not go on by itself."""


async def watch_processing(
    stub: TranscodeServiceAsyncStub, video_id: str, cursor: str, backoff: Backoff
) -> AsyncGenerator[Processing]:
    """How processing stands, then every change; ends when nothing more is going to change.

    Nothing that is still true is missed; states in between may be. Survives a lost connection and a restarted service.
    Raises `VidmeshError` when that lasts too long, and VIDEO_NOT_FOUND.
    """
    loop = asyncio.get_running_loop()
    known_by = loop.time() + KNOWN_PATIENCE
    failures, seen, state = 0, bool(cursor), ProcessingState.PROCESSING_STATE_UNSPECIFIED
    while True:
        try:
            call = stub.WatchProcessing(WatchProcessingRequest(video_id=video_id, cursor=cursor))
            async with aclosing(cast("AsyncGenerator[WatchProcessingResponse]", call)) as answers:
                async for answer in answers:
                    cursor, failures, seen, state = answer.cursor, 0, True, answer.processing.state
                    yield answer.processing
            if state in ENDED:
                return
            # A server that is being stopped may end its streams in good order.
            wait = backoff.delay(1)
        except VidmeshError as error:
            failures += 1
            wait = _wait(error, failures, backoff)
            if error.reason == "VIDEO_NOT_FOUND" and not seen and loop.time() < known_by:
                wait = backoff.delay(1)
            if wait is None:
                raise
        await asyncio.sleep(wait)


def _wait(error: VidmeshError, failures: int, backoff: Backoff) -> float | None:
    # A stream is broken off by a draining server (CANCELLED, or no reason at all) as well as by a lost connection.
    broken = not error.reason and error.code in (
        grpc.StatusCode.CANCELLED,
        grpc.StatusCode.INTERNAL,
        grpc.StatusCode.UNKNOWN,
    )
    if broken and failures < backoff.attempts:
        return backoff.delay(failures)
    return wait_before_repeat(error, failures, backoff)
