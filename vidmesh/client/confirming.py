"""Telling the service which parts are stored: promptly, and many at once where many wait."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from vidmesh.client.errors import VidmeshError
from vidmesh.client.retrying import TRANSIENT, Backoff
from vidmesh.upload.v1.upload_pb2 import Upload
from vidmesh.upload.v1.upload_service_pb2 import ConfirmPartsRequest, PartReceipt

if TYPE_CHECKING:
    from vidmesh.upload.v1.upload_service_pb2_grpc import UploadServiceAsyncStub

MOST_AT_ONCE: Final = 100
"""As the contract allows."""

GATHER: Final = 0.2
"""Seconds that a receipt waits for others to travel with; the first ones of an upload do not wait."""

PATIENCE: Final = Backoff(attempts=8, first=1.0, most=5.0)
"""Beside that of each call: a service that is away must not end an upload of hours. Two minutes in all."""

_PROMPT: Final = 4


class Confirmer:
    """One loop that takes receipts until it is told that there will be no more."""

    def __init__(self, stub: UploadServiceAsyncStub, upload_id: str, confirmed: Callable[[Upload], None]) -> None:
        self._stub = stub
        self._upload_id = upload_id
        self._confirmed = confirmed
        self._receipts: asyncio.Queue[PartReceipt | None] = asyncio.Queue()
        self._last = asyncio.Event()

    def stored(self, number: int, sha256: bytes) -> None:
        """A part is in the store."""
        self._receipts.put_nowait(PartReceipt(number=number, sha256=sha256))

    def no_more(self) -> None:
        """`run` returns once what is waiting is confirmed."""
        self._last.set()
        self._receipts.put_nowait(None)

    async def run(self) -> None:
        """Raises `VidmeshError` (PART_MISMATCH, UPLOAD_NOT_ACTIVE, …)."""
        told, ended = 0, False
        while not ended:
            batch: list[PartReceipt] = []
            receipt = await self._receipts.get()
            if receipt is not None and told >= _PROMPT and self._receipts.empty():
                with suppress(TimeoutError):
                    async with asyncio.timeout(GATHER):
                        await self._last.wait()
            while receipt is not None:
                batch.append(receipt)
                if len(batch) == MOST_AT_ONCE or self._receipts.empty():
                    break
                receipt = self._receipts.get_nowait()
            ended = receipt is None
            if batch:
                self._confirmed(await self._confirm(batch))
                told += len(batch)

    async def _confirm(self, batch: list[PartReceipt]) -> Upload:
        request = ConfirmPartsRequest(upload_id=self._upload_id, parts=batch)
        failures = 0
        while True:
            try:
                return (await self._stub.ConfirmParts(request)).upload
            except VidmeshError as error:
                failures += 1
                if error.code not in TRANSIENT or failures >= PATIENCE.attempts:
                    raise
            await asyncio.sleep(PATIENCE.delay(failures))
