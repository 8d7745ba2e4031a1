"""Tells TranscodeService what this worker can do, and learns whose jobs it is to take."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Final, NoReturn

import grpc.aio

from svc_transcode.worker.coordinator import asked
from vidmesh.transcode.v1.transcode_service_pb2 import AnnounceWorkerRequest

if TYPE_CHECKING:
    from svc_transcode.worker.abilities import Abilities
    from vidmesh.transcode.v1.transcode_service_pb2_grpc import TranscodeServiceAsyncStub

EVERY: Final = 10.0
"""Seconds between two words; after a minute without one a worker is taken for gone."""
FAREWELL_SECONDS: Final = 2.0


class Announcing:
    """One worker's words."""

    def __init__(self, stub: TranscodeServiceAsyncStub, name: str, slots: int, abilities: Abilities) -> None:
        self._stub = stub
        self._request = AnnounceWorkerRequest(
            name=name, slots=slots, encoders=abilities.encoders, memory_bytes=abilities.memory_bytes
        )

    async def begin(self) -> str:
        """The crew that it belongs to. Waits for TranscodeService as long as it takes; raises as `asked`."""
        return (await asked(lambda: self._stub.AnnounceWorker(self._request))).crew

    async def go_on(self) -> NoReturn:
        """Says so again and again, until cancelled. A word that does not arrive is no failure: the next one will."""
        while True:
            await asyncio.sleep(EVERY)
            with contextlib.suppress(grpc.aio.AioRpcError):
                await self._stub.AnnounceWorker(self._request, timeout=EVERY)

    async def end(self) -> None:
        """Says that it takes no more jobs, if that is heard at once: it would be noticed within a minute."""
        request = AnnounceWorkerRequest()
        request.CopyFrom(self._request)
        request.leaving = True
        with contextlib.suppress(grpc.aio.AioRpcError):
            await self._stub.AnnounceWorker(request, timeout=FAREWELL_SECONDS)
