"""A throttled uplink: the parts of a file in the order in which the client sends them, so many bytes a second."""

from __future__ import annotations

import asyncio
import hashlib
import time
import uuid
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from vidmesh.client.parts import Span, find_index, sending_order, spans_of
from vidmesh.upload.v1.upload_service_pb2 import (
    CompleteUploadRequest,
    ConfirmPartsRequest,
    CreateUploadRequest,
    PartReceipt,
    PartToSign,
    SignPartsRequest,
)
from vidmesh.upload.v1.video_pb2 import Video

if TYPE_CHECKING:
    import httpx

    from vidmesh.client import Client
    from vidmesh.upload.v1.upload_pb2 import Upload

PIECE: Final = 64 * 1024


@dataclass(slots=True)
class Sent:
    """How far the file is."""

    video_id: str
    size: int
    bytes: int = 0
    last_byte: float | None = None
    """By `time.monotonic`, when it was sent; None before."""


class Uplink:
    """Sends one file."""

    def __init__(self, client: Client, channel_id: str, file: Path, rate: float) -> None:
        """`rate`: bytes a second."""
        self._client = client
        self._channel_id = channel_id
        self._file = file
        self._rate = rate

    async def begin(self) -> tuple[Sent, Upload]:
        """CreateUpload."""
        size = self._file.stat().st_size
        request = CreateUploadRequest(
            request_id=str(uuid.uuid4()),
            channel_id=self._channel_id,
            size_bytes=size,
            filename=self._file.name,
            video=Video(title="A benchmark"),
        )
        upload = (await self._client.uploads.CreateUpload(request)).upload
        return Sent(upload.video_id, size), upload

    async def send(self, upload: Upload, sent: Sent) -> None:
        """Every part, one after the other, and the end of the upload."""
        with self._file.open("rb") as file:
            order = sending_order(spans_of(upload.layout), find_index(file))
            began = time.monotonic()
            async with self._client.edge.http() as http, asyncio.TaskGroup() as confirming:
                for span in order:
                    file.seek(span.offset)
                    data = file.read(span.size)
                    digest = hashlib.sha256(data).digest()
                    await self._put(http, upload, span, data, digest, sent, began)
                    receipt = PartReceipt(number=span.number, sha256=digest)
                    request = ConfirmPartsRequest(upload_id=upload.upload_id, parts=[receipt])
                    # The uplink does not wait for answers, as it would not with several parts under way.
                    confirming.create_task(_confirm(self._client, request))
        await self._client.uploads.CompleteUpload(CompleteUploadRequest(upload_id=upload.upload_id))

    async def _put(
        self, http: httpx.AsyncClient, upload: Upload, span: Span, data: bytes, digest: bytes, sent: Sent, began: float
    ) -> None:
        part = PartToSign(number=span.number, size_bytes=span.size, sha256=digest)
        request = SignPartsRequest(upload_id=upload.upload_id, parts=[part])
        signed = (await self._client.uploads.SignParts(request)).parts[0]

        async def paced() -> AsyncGenerator[bytes]:
            for start in range(0, len(data), PIECE):
                piece = data[start : start + PIECE]
                await asyncio.sleep(began + (sent.bytes + len(piece)) / self._rate - time.monotonic())
                yield piece
                sent.bytes += len(piece)
            if sent.bytes == sent.size:
                sent.last_byte = time.monotonic()

        headers = dict(signed.headers) | {"content-length": str(len(data))}
        answer = await http.put(self._client.edge.resolve(signed.url), content=paced(), headers=headers)
        answer.raise_for_status()


async def _confirm(client: Client, request: ConfirmPartsRequest) -> None:
    await client.uploads.ConfirmParts(request)
