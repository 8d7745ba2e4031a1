"""Everything between CreateUpload and CompleteUpload: hash, sign, send, confirm, all at the same time."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from itertools import chain, islice
from typing import TYPE_CHECKING, Final

from vidmesh.client.confirming import Confirmer
from vidmesh.client.connection import Edge
from vidmesh.client.groups import first_failure
from vidmesh.client.pace import MOST
from vidmesh.client.parts import Span, sending_order, spans_of
from vidmesh.client.sending import PartSender, ReadyPart
from vidmesh.client.source import Source, SourceChangedError
from vidmesh.upload.v1.upload_pb2 import Upload
from vidmesh.upload.v1.upload_service_pb2 import ListPartsRequest, PartToSign, SignedPart, SignPartsRequest

if TYPE_CHECKING:
    from vidmesh.upload.v1.upload_service_pb2_grpc import UploadServiceAsyncStub

PAGES: Final = (2, 4, 8)
"""Parts signed together at first, so that sending begins at once; then `PAGE`."""

PAGE: Final = 16


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a transfer is, in bytes."""

    total: int
    sent: int
    """On their way or there."""
    confirmed: int
    """There for good, whatever happens to us."""


class Transfer:
    """One run over the parts of an upload that are missing."""

    def __init__(
        self,
        stub: UploadServiceAsyncStub,
        edge: Edge,
        source: Source,
        upload: Upload,
        progress: Callable[[Progress], None],
        notice: Callable[[str], None],
    ) -> None:
        self._stub = stub
        self._edge = edge
        self._source = source
        self._upload = upload
        self._report = progress
        self._notice = notice
        self._progress = Progress(upload.size_bytes, upload.received_bytes, upload.received_bytes)
        self._spans = spans_of(upload.layout)
        self._digests: dict[int, bytes] = {}

    async def run(self) -> bytes:
        """Returns once every part is confirmed: SHA-256 over the part digests in order.

        Raises `SourceChangedError`, and `VidmeshError` or `ClientError` where the other side fails for too long.
        """
        with first_failure():
            await self._run()
        return hashlib.sha256(b"".join(self._digests[span.number] for span in self._spans)).digest()

    async def _run(self) -> None:
        there = await self._confirmed_parts()
        self._digests |= there
        missing = [span for span in self._spans if span.number not in there]
        order = sending_order(missing, await self._source.index())
        self._report(self._progress)
        confirmer = Confirmer(self._stub, self._upload.upload_id, self._confirmed)
        ready: asyncio.Queue[ReadyPart | None] = asyncio.Queue(maxsize=MOST)
        async with self._edge.http() as http, asyncio.TaskGroup() as group:
            sender = PartSender(http, self._edge, self._source, self._sign_again, self._moved, self._notice)
            group.create_task(self._compare(there))
            group.create_task(confirmer.run())
            async with asyncio.TaskGroup() as sending:
                sending.create_task(self._prepare(order, ready))
                for _ in range(MOST):
                    sending.create_task(_send_all(sender, ready, confirmer))
            confirmer.no_more()

    async def _confirmed_parts(self) -> dict[int, bytes]:
        request = ListPartsRequest(upload_id=self._upload.upload_id, page_size=1000)
        there: dict[int, bytes] = {}
        while self._upload.received_part_count:
            answer = await self._stub.ListParts(request)
            there |= {part.number: part.sha256 for part in answer.parts}
            if not answer.next_page_token:
                break
            request.page_token = answer.next_page_token
        return there

    async def _compare(self, there: dict[int, bytes]) -> None:
        """What was sent by an earlier run must still be what the file holds; seen beside the sending, not before."""
        for span in self._spans:
            if span.number in there and await self._source.digest(span) != there[span.number]:
                raise SourceChangedError(f"{self._source.path.name} is not what was uploaded of it before.")

    async def _prepare(self, order: list[Span], ready: asyncio.Queue[ReadyPart | None]) -> None:
        left = iter(order)
        for size in chain(PAGES, iter(lambda: PAGE, 0)):
            page = tuple(islice(left, size))
            if not page:
                break
            self._source.check()
            for span in page:
                self._digests[span.number] = await self._source.digest(span)
            signed = await self._sign(page)
            for span, one in zip(page, signed, strict=True):
                await ready.put(ReadyPart(span, self._digests[span.number], one))
        for _ in range(MOST):
            await ready.put(None)

    async def _sign(self, page: Iterable[Span]) -> list[SignedPart]:
        parts = [
            PartToSign(number=span.number, size_bytes=span.size, sha256=self._digests[span.number]) for span in page
        ]
        answer = await self._stub.SignParts(SignPartsRequest(upload_id=self._upload.upload_id, parts=parts))
        return list(answer.parts)

    async def _sign_again(self, span: Span) -> SignedPart:
        return (await self._sign((span,)))[0]

    def _moved(self, count: int) -> None:
        self._progress = replace(self._progress, sent=self._progress.sent + count)
        self._report(self._progress)

    def _confirmed(self, upload: Upload) -> None:
        self._progress = replace(self._progress, confirmed=max(self._progress.confirmed, upload.received_bytes))
        self._report(self._progress)


async def _send_all(sender: PartSender, ready: asyncio.Queue[ReadyPart | None], confirmer: Confirmer) -> None:
    while (part := await ready.get()) is not None:
        await sender.send(part)
        confirmer.stored(part.span.number, part.sha256)
