"""Putting one part into the store, through the edge, until it is there."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from dataclasses import dataclass
from typing import Final

import httpx

from vidmesh.client.connection import Edge
from vidmesh.client.errors import ClientError, VidmeshError
from vidmesh.client.pace import Pace
from vidmesh.client.parts import Span
from vidmesh.client.retrying import TRANSIENT, Backoff
from vidmesh.client.source import Source, SourceChangedError
from vidmesh.upload.v1.upload_service_pb2 import SignedPart

_PIECE: Final = 128 * 1024
_EARLY: Final = 5.0
"""Seconds before its end that a signed URL is not begun with any more."""

_STORED = (200, 201, 204)
_THERE_ALREADY = 412
_URL_REFUSED = 403
_OTHER_BYTES = 400
_STORE_FAILED = 500
_WORTH_A_WORD = 3
"""Failures of one part in a row, after which whoever waits is told so."""
_WORTH_WAITING = 2.0
"""Seconds of waiting to be told why, after which they are told so too."""
PATIENCE: Final = Backoff(attempts=20, first=0.25, most=15.0)
"""For parts: a restart of the store or the edge must not end an upload of hours. About three minutes in all."""


@dataclass(frozen=True, slots=True)
class ReadyPart:
    """A part with all that is needed to send it."""

    span: Span
    sha256: bytes
    signed: SignedPart


Sign = Callable[[Span], Awaitable[SignedPart]]
"""Signs one part again."""


class PartSender:
    """Sends parts over one HTTP client.

    `moved` is told bytes as they leave, and negative ones when they must again; `notice` a sentence when that goes on.
    """

    def __init__(
        self,
        http: httpx.AsyncClient,
        edge: Edge,
        source: Source,
        sign: Sign,
        moved: Callable[[int], None],
        notice: Callable[[str], None],
        patience: Backoff = PATIENCE,
    ) -> None:
        self._http = http
        self._edge = edge
        self._source = source
        self._sign = sign
        self._moved = moved
        self._notice = notice
        self._noticed = False
        self._patience = patience
        self._pace = Pace()

    async def send(self, part: ReadyPart) -> None:
        """Returns once the store has the part.

        Raises `SourceChangedError` when the file no longer has the bytes that were signed, `ClientError` when the
        store has not taken the part for minutes, and what signing raises (`VidmeshError`: STORAGE_LOW, say).
        """
        failures, signed = 0, part.signed
        while True:
            if signed.expire_time.ToNanoseconds() / 1e9 - _EARLY < time.time():
                signed = await self._sign(part.span)
            async with self._pace.permit():
                status, told = await self._put(part.span, signed)
            if status in _STORED or status == _THERE_ALREADY:
                self._pace.went_well()
                return
            self._moved(-told.sent)
            if status == _OTHER_BYTES and await self._source.digest(part.span) != part.sha256:
                raise SourceChangedError(f"{self._source.path.name} changed while it was being uploaded.")
            failures += 1
            if failures == _WORTH_A_WORD:
                self._tell(told.why)
            if failures >= self._patience.attempts:
                raise ClientError(f"Part {part.span.number} is not taken: {told.why}.")
            if status != _URL_REFUSED:
                self._pace.went_badly()
            await asyncio.sleep(self._patience.delay(failures))
            if status == _URL_REFUSED:
                signed = await self._sign(part.span)
            elif status >= _STORE_FAILED:
                signed = await self._asked(part.span, signed, told.why)

    async def _asked(self, span: Span, signed: SignedPart, why: str) -> SignedPart:
        """Signs again, because the service may say why the store fails: that its disk is full, say."""
        waiting = asyncio.get_running_loop().call_later(_WORTH_WAITING, self._tell, why)
        try:
            return await self._sign(span)
        except VidmeshError as error:
            if error.code in TRANSIENT:
                return signed
            raise
        finally:
            waiting.cancel()

    def _tell(self, why: str) -> None:
        """Once, where a part has failed more than once."""
        if not self._noticed:
            self._noticed = True
            self._notice(f"Parts are not taken at the moment ({why}): trying again.")

    async def _put(self, span: Span, signed: SignedPart) -> tuple[int, _Told]:
        told = _Told()
        body = await self._source.read(span)

        async def pieces() -> AsyncGenerator[bytes]:
            for start in range(0, len(body), _PIECE):
                piece = body[start : start + _PIECE]
                yield piece
                told.sent += len(piece)
                self._moved(len(piece))

        headers = dict(signed.headers) | {"content-length": str(len(body))}
        try:
            answer = await self._http.put(self._edge.resolve(signed.url), content=pieces(), headers=headers)
        except httpx.TransportError as error:
            told.why = f"the connection failed ({type(error).__name__})"
            return 0, told
        told.why = f"the store answers {answer.status_code}"
        if answer.status_code == _THERE_ALREADY:
            # The store may answer before it has read the body; the part counts whole all the same.
            self._moved(len(body) - told.sent)
        return answer.status_code, told


@dataclass(slots=True)
class _Told:
    """What is known of one attempt."""

    sent: int = 0
    why: str = ""
