"""A server that has too much to do goes on with what people read, and refuses the rest in time."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import grpc
import grpc.aio
import pytest

from mesh.errors import Fault
from mesh.interceptors.load import MOST_CALLS, SHARES, Load
from vidmesh.common.v1.error_reason_pb2 import ErrorReason
from vidmesh.options.v1.options_pb2 import RateClass
from vidmesh.social.v1 import channel_service_pb2 as pb

from .conftest import Start

WRITE, READ = RateClass.RATE_CLASS_WRITE, RateClass.RATE_CLASS_READ


def taken(load: Load, kind: RateClass.ValueType, most: int = 10_000) -> int:
    """How many calls of a class get in."""
    for number in range(most):
        try:
            load.enter_call(kind)
        except Fault as refused:
            return number if told(refused) == ErrorReason.ERROR_REASON_OVERLOADED else -1
    return most


def told(refused: Fault) -> ErrorReason.ValueType | None:
    """Why, where it is also said when to come back."""
    return refused.reason if refused.retry_after is not None else None


@pytest.mark.parametrize("kind", SHARES)
def test_each_class_takes_its_share_and_no_more(kind: RateClass.ValueType) -> None:
    assert taken(Load(1000), kind) == 1000 * SHARES[kind]


def test_all_that_is_not_read_leaves_room_for_reading() -> None:
    load = Load(1000)
    others = sum(taken(load, kind) for kind in SHARES if SHARES[kind] < 1)
    assert others == 600
    assert taken(load, READ) == 400


def test_calls_that_have_ended_make_room() -> None:
    load = Load(10)
    assert taken(load, WRITE) == 5
    load.leave_call(WRITE)
    assert taken(load, WRITE) == 1


def test_every_class_of_the_contract_has_a_share() -> None:
    assert {*SHARES} == {*RateClass.values()} - {RateClass.RATE_CLASS_UNSPECIFIED}


async def test_a_flood_of_changes_does_not_stand_in_the_way_of_reading(start: Start) -> None:
    released = asyncio.Event()

    async def handler(request: Any) -> None:
        if isinstance(request, pb.CreateChannelRequest):
            await released.wait()

    started = await start(handler)
    metadata = started.mesh.signed_in("0199f5e4-8d5c-7c3a-9a53-2f1f6a3f2b10")
    flood = [
        asyncio.ensure_future(code(started.channels.CreateChannel(creation(number), metadata=metadata, timeout=60)))
        for number in range(MOST_CALLS)
    ]
    refused = await refused_by_now(flood, MOST_CALLS // 2)
    reads = await asyncio.gather(
        *(code(started.channels.GetChannel(pb.GetChannelRequest(channel="abc"))) for _ in range(200))
    )
    released.set()
    assert reads == [grpc.StatusCode.OK] * 200
    assert refused == MOST_CALLS // 2
    assert sum(one is grpc.StatusCode.OK for one in await asyncio.gather(*flood)) == MOST_CALLS // 2


def creation(number: int) -> pb.CreateChannelRequest:
    return pb.CreateChannelRequest(handle=f"channel{number}", name="A channel")


async def code(call: Any) -> grpc.StatusCode:
    try:
        await call
    except grpc.aio.AioRpcError as error:
        return error.code()
    return grpc.StatusCode.OK


async def refused_by_now(calls: Sequence[asyncio.Future[grpc.StatusCode]], expected: int) -> int:
    """How many have been answered although none was released, once that many have."""
    async with asyncio.timeout(30):
        while sum(call.done() for call in calls) < expected:  # noqa: ASYNC110 (many futures, no single event)
            await asyncio.sleep(0.02)
    return sum(call.done() for call in calls)
