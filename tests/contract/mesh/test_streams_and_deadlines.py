"""Calls end in time, streams end well, and a server that is told to stop leaves nobody hanging."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import grpc
import pytest

from mesh.call import current_call
from mesh.errors import DEFAULT_RETRY, not_found
from mesh.hosting import Hosted
from mesh.interceptors.answering import MethodAnswer
from mesh.policy import Policy, policy_of
from mesh.serving import GrpcServer
from mesh.testing.serving import TestMesh
from vidmesh.common.v1.error_reason_pb2 import ErrorReason
from vidmesh.options.v1.options_pb2 import Access, RateClass, Relation
from vidmesh.social.v1 import channel_service_pb2 as pb
from vidmesh.social.v1.account_service_pb2_grpc import add_AccountServiceServicer_to_server

from .conftest import CHANNELS, Start, Started, failure, fault, nothing

GET = pb.GetChannelRequest(channel="abc")
EXPORT = pb.ExportChannelsRequest()


async def endless(_request: Any) -> AsyncIterator[pb.ExportChannelsResponse]:
    number = 0
    while True:
        yield pb.ExportChannelsResponse(cursor=str(number).encode())
        number += 1
        await asyncio.sleep(0.01)


async def forever(_request: Any) -> None:
    await asyncio.sleep(60)


def export(started: Started, **options: Any) -> Any:
    return started.channels.ExportChannels(EXPORT, metadata=started.mesh.as_service("svc_x"), **options)


async def test_a_stream_arrives_in_order_and_ends(start: Start) -> None:
    async def three(_request: Any) -> AsyncIterator[pb.ExportChannelsResponse]:
        for number in range(3):
            yield pb.ExportChannelsResponse(cursor=bytes([number]))

    started = await start(nothing, three)

    assert [one.cursor async for one in export(started)] == [b"\0", b"\1", b"\2"]
    assert started.server.load.active == 0


async def test_a_stream_that_fails_gives_what_came_before_and_then_the_reason(start: Start) -> None:
    async def broken(_request: Any) -> AsyncIterator[pb.ExportChannelsResponse]:
        yield pb.ExportChannelsResponse(cursor=b"1")
        raise not_found(ErrorReason.ERROR_REASON_CHANNEL_NOT_FOUND, "There is no such channel.")

    started = await start(nothing, broken)
    stream = aiter(export(started))

    assert (await anext(stream)).cursor == b"1"
    assert (await fault(anext(stream))).reason == ErrorReason.ERROR_REASON_CHANNEL_NOT_FOUND


async def test_a_stream_whose_reader_left_is_closed_and_no_longer_counted(start: Start) -> None:
    closed = asyncio.Event()

    async def watched(request: Any) -> AsyncIterator[pb.ExportChannelsResponse]:
        try:
            async for one in endless(request):
                yield one
        finally:
            closed.set()

    started = await start(nothing, watched)
    call = export(started)
    async for _ in call:
        break
    call.cancel()

    await asyncio.wait_for(closed.wait(), 5)
    await asyncio.sleep(0.05)
    assert started.server.load.active == 0
    assert not started.mesh.logged


async def test_the_callers_deadline_reaches_the_handler(start: Start) -> None:
    seen: list[float | None] = []

    async def handler(_request: Any) -> None:
        seen.append(current_call().remaining())

    started = await start(handler)
    await started.channels.GetChannel(GET, timeout=3)
    await started.channels.GetChannel(GET, timeout=1000)
    await started.channels.GetChannel(GET)

    assert seen[0] == pytest.approx(3, abs=0.5)
    assert seen[1] == pytest.approx(10, abs=0.5), "the contract allows no more"
    assert seen[2] == pytest.approx(10, abs=0.5)


async def test_a_handler_is_stopped_when_its_caller_no_longer_waits(start: Start) -> None:
    stopped = asyncio.Event()

    async def handler(_request: Any) -> None:
        try:
            await asyncio.sleep(60)
        finally:
            stopped.set()

    started = await start(handler)
    assert (await failure(started.channels.GetChannel(GET, timeout=0.1))).code() is grpc.StatusCode.DEADLINE_EXCEEDED

    await asyncio.wait_for(stopped.wait(), 5)


def patient(limit: timedelta) -> Policy:
    return Policy(Access.ACCESS_PUBLIC, Relation.RELATION_UNSPECIFIED, RateClass.RATE_CLASS_READ, False, timeout=limit)


async def test_a_handler_that_takes_longer_than_the_contract_allows_is_cut_off_with_a_reason(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    brief = patient(timedelta(milliseconds=100))
    monkeypatch.setattr("mesh.serving.policy_of", lambda _method: brief)  # pyright: ignore[reportUnknownLambdaType]

    async def slow(request: Any) -> AsyncIterator[pb.ExportChannelsResponse]:
        yield pb.ExportChannelsResponse()
        await asyncio.sleep(60)

    started = await start(forever, slow)

    told = await fault(started.channels.GetChannel(GET))
    assert (told.code, told.reason, told.retry_after) == (
        grpc.StatusCode.DEADLINE_EXCEEDED,
        ErrorReason.ERROR_REASON_DEADLINE_EXCEEDED,
        DEFAULT_RETRY,
    )
    stream = aiter(export(started))
    await anext(stream)
    assert (await fault(anext(stream))).reason == ErrorReason.ERROR_REASON_DEADLINE_EXCEEDED


async def test_a_time_out_inside_a_handler_is_a_defect_and_not_the_callers_deadline(start: Start) -> None:
    async def handler(_request: Any) -> None:
        async with asyncio.timeout(0.01):
            await asyncio.sleep(1)

    started = await start(handler)

    assert (await fault(started.channels.GetChannel(GET))).code is grpc.StatusCode.INTERNAL


async def test_draining_finishes_calls_and_ends_streams_so_that_readers_resume(start: Start) -> None:
    entered, leave = asyncio.Event(), asyncio.Event()

    async def handler(_request: Any) -> None:
        entered.set()
        await leave.wait()

    started = await start(handler, endless)
    call = started.channels.GetChannel(GET)
    stream = export(started)
    await anext(aiter(stream))
    await entered.wait()

    draining = asyncio.ensure_future(started.server.drain(timedelta(seconds=5)))
    error = await failure(_read(stream))
    assert error.code() is grpc.StatusCode.UNAVAILABLE
    assert not draining.done()
    leave.set()

    await call
    await asyncio.wait_for(draining, 2)


async def test_draining_does_not_wait_for_more_than_its_grace(start: Start) -> None:
    started = await start(forever)
    call = started.channels.GetChannel(GET)
    await asyncio.sleep(0.05)

    await asyncio.wait_for(started.server.drain(timedelta(seconds=0.2)), 3)

    assert (await failure(call)).code() in {grpc.StatusCode.CANCELLED, grpc.StatusCode.UNAVAILABLE}


async def _read(stream: Any) -> None:
    async for _ in stream:
        pass


async def test_a_handler_that_is_not_asynchronous_keeps_the_server_from_starting(start: Start) -> None:
    started = await start(nothing)
    layers = started.server._layers  # pyright: ignore[reportPrivateUsage]  # the seam under test
    policy = policy_of(f"/{CHANNELS}/GetChannel")
    assert policy is not None

    def synchronous(request: Any, context: Any) -> None: ...

    handler = grpc.unary_unary_rpc_method_handler(synchronous)

    with pytest.raises(TypeError, match="coroutine function"):
        MethodAnswer(layers, "/a.B/C", policy, handler)


async def test_a_servicer_registered_under_another_name_keeps_the_server_from_starting(mesh: TestMesh) -> None:
    runtime = await mesh.runtime("svc_social")
    wrong = Hosted(name=CHANNELS, servicer=_Anything(), add=add_AccountServiceServicer_to_server)

    with pytest.raises(TypeError, match="AccountService"):
        GrpcServer(runtime, [wrong])


class _Anything:
    def __getattr__(self, name: str) -> Any:
        return nothing
