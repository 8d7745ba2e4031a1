"""Sending parts to a real HTTP server that fails as stores, edges and networks do."""

from __future__ import annotations

import asyncio
import hashlib
import os
import re
import time
from collections import deque
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import grpc
import pytest

from vidmesh.client.connection import Edge
from vidmesh.client.errors import ClientError, VidmeshError
from vidmesh.client.parts import Span
from vidmesh.client.retrying import Backoff
from vidmesh.client.sending import PartSender, ReadyPart
from vidmesh.client.source import Source, SourceChangedError
from vidmesh.upload.v1.upload_service_pb2 import SignedPart

CONTENT = os.urandom(600_000)
SPAN = Span(3, 100_000, 400_000)
BYTES = CONTENT[100_000:500_000]
PATIENCE = Backoff(attempts=4, first=0.01, most=0.01)
BREAK = 0
"""Instead of a status: the connection is closed in the middle of the body."""


class Store:
    """Answers each PUT with the next status that it was given, 200 once there is none."""

    def __init__(self) -> None:
        self.statuses: deque[int] = deque()
        self.stored: list[bytes] = []
        self.heads: list[str] = []

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode()
                self.heads.append(head)
                status = self.statuses.popleft() if self.statuses else 200
                if status == BREAK:
                    await reader.read(1000)
                    return
                length = re.search(r"content-length: (\d+)", head, re.IGNORECASE)
                body = await reader.readexactly(int(length[1]) if length else 0)
                if status == 200:
                    self.stored.append(body)
                writer.write(f"HTTP/1.1 {status} X\r\ncontent-length: 0\r\n\r\n".encode())
                await writer.drain()
        except asyncio.IncompleteReadError:
            return
        finally:
            writer.close()


class Signer:
    """Signs, and counts how often it must."""

    def __init__(self) -> None:
        self.signed = 0
        self.refusal: VidmeshError | None = None

    async def __call__(self, span: Span) -> SignedPart:
        self.signed += 1
        if self.refusal is not None:
            raise self.refusal
        return self.url(span, 3600)

    def url(self, span: Span, seconds: float) -> SignedPart:
        part = SignedPart(number=span.number, url=f"/sources/u/x?sign={self.signed}", headers={"x-signed": "yes"})
        part.expire_time.FromSeconds(int(time.time() + seconds))
        return part


@pytest.fixture
def store() -> Store:
    return Store()


@pytest.fixture
async def edge(store: Store) -> AsyncIterator[Edge]:
    server = await asyncio.start_server(store.serve, "127.0.0.1", 0)
    yield Edge.of(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}")
    server.close()


@pytest.fixture
def source(tmp_path: Path) -> Iterator[Source]:
    path = tmp_path / "clip.mp4"
    path.write_bytes(CONTENT)
    opened = Source.open(path)
    yield opened
    opened.close()


class Sending:
    """One sender, and what it told."""

    def __init__(self, edge: Edge, source: Source) -> None:
        self.signer = Signer()
        self.moved = 0
        self.notices: list[str] = []
        self._edge, self._source = edge, source

    async def send(self, seconds: float = 3600) -> None:
        part = ReadyPart(SPAN, hashlib.sha256(BYTES).digest(), self.signer.url(SPAN, seconds))
        async with self._edge.http() as http:
            sender = PartSender(http, self._edge, self._source, self.signer, self._move, self.notices.append, PATIENCE)
            await sender.send(part)

    def _move(self, count: int) -> None:
        self.moved += count


@pytest.fixture
def sending(edge: Edge, source: Source) -> Sending:
    return Sending(edge, source)


async def test_a_part_arrives_with_exactly_the_headers_that_were_signed(sending: Sending, store: Store) -> None:
    await sending.send()
    assert store.stored == [BYTES]
    assert "x-signed: yes" in store.heads[0]
    assert "content-length: 400000" in store.heads[0]
    assert "transfer-encoding" not in store.heads[0].lower()
    assert (sending.moved, sending.signer.signed) == (400_000, 0)


async def test_a_part_that_is_there_already_counts_as_sent(sending: Sending, store: Store) -> None:
    store.statuses.append(412)
    await sending.send()
    assert store.stored == []
    assert sending.moved == 400_000


@pytest.mark.parametrize("status", [500, 503, 429, BREAK])
async def test_a_part_is_sent_again_after_a_failure(sending: Sending, store: Store, status: int) -> None:
    store.statuses.extend([status, status])
    await sending.send()
    assert store.stored == [BYTES]
    assert sending.moved == 400_000


async def test_a_url_that_has_ended_is_signed_again_before_it_is_used(sending: Sending, store: Store) -> None:
    await sending.send(seconds=-10)
    assert sending.signer.signed == 1
    assert "sign=1" in store.heads[0]


async def test_a_url_that_is_refused_is_signed_again(sending: Sending, store: Store) -> None:
    store.statuses.append(403)
    await sending.send()
    assert "sign=1" in store.heads[1]
    assert store.stored == [BYTES]


async def test_other_bytes_than_signed_mean_that_the_file_changed(
    sending: Sending, store: Store, source: Source
) -> None:
    store.statuses.append(400)
    with source.path.open("r+b") as file:
        file.seek(200_000)
        file.write(b"changed")
    with pytest.raises(SourceChangedError):
        await sending.send()


async def test_bytes_spoilt_on_their_way_are_sent_again(sending: Sending, store: Store) -> None:
    store.statuses.append(400)
    await sending.send()
    assert store.stored == [BYTES]


async def test_a_store_that_never_takes_a_part_is_given_up_in_a_sentence(sending: Sending, store: Store) -> None:
    store.statuses.extend([503] * 9)
    with pytest.raises(ClientError, match="Part 3 is not taken: the store answers 503"):
        await sending.send()
    assert sending.moved == 0


async def test_who_waits_for_a_store_that_keeps_failing_is_told_so_once(sending: Sending, store: Store) -> None:
    store.statuses.extend([500, 500])
    await sending.send()
    assert sending.notices == []
    store.statuses.extend([500, 500, 500])
    await sending.send()
    assert sending.notices == ["Parts are not taken at the moment (the store answers 500): trying again."]


async def test_why_a_store_fails_is_asked_of_the_service_that_signs(sending: Sending, store: Store) -> None:
    sending.signer.refusal = VidmeshError(grpc.StatusCode.RESOURCE_EXHAUSTED, "STORAGE_LOW", "Short of disk space.")
    store.statuses.append(500)
    with pytest.raises(VidmeshError, match=r"Short of disk space\."):
        await sending.send()


async def test_a_service_that_is_away_with_the_store_ends_nothing(sending: Sending, store: Store) -> None:
    sending.signer.refusal = VidmeshError(grpc.StatusCode.UNAVAILABLE, "", "Nothing answers there.")
    store.statuses.extend([503, 503])
    await sending.send()
    assert store.stored == [BYTES]
