"""While more people sign up than passwords can be hashed, everybody else goes on reading."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import grpc
import grpc.aio
import pytest
from argon2 import Parameters
from argon2.profiles import RFC_9106_LOW_MEMORY

from mesh.statuses import fault_in
from vidmesh.common.v1.error_reason_pb2 import ErrorReason
from vidmesh.social.v1.account_service_pb2 import GetRegistrationRequest
from vidmesh.social.v1.channel_service_pb2 import GetChannelRequest

from .conftest import Served

FLOOD, READS = 150, 200
EXPECTED = {ErrorReason.ERROR_REASON_OVERLOADED, ErrorReason.ERROR_REASON_TOO_MANY_ATTEMPTS}


@pytest.fixture
def hashing() -> Parameters:
    """A quarter of what it is in earnest: each takes some hundredths of a second of a core."""
    return replace(RFC_9106_LOW_MEMORY, memory_cost=RFC_9106_LOW_MEMORY.memory_cost // 4)


async def test_a_flood_of_sign_ups_does_not_stand_in_the_way_of_reading(served: Served) -> None:
    first = await served.sign_up("first")
    over = asyncio.Event()

    async def keep_on() -> list[ErrorReason.ValueType | None]:
        outcomes: list[ErrorReason.ValueType | None] = []
        while not over.is_set():
            outcomes.append(await reason(served.sign_up()))
        return outcomes

    flood = [asyncio.ensure_future(keep_on()) for _ in range(FLOOD)]
    reads = await asyncio.gather(
        *(reason(served.channels.GetChannel(GetChannelRequest(channel="@first"))) for _ in range(READS)),
        *(reason(served.accounts.GetRegistration(GetRegistrationRequest())) for _ in range(READS)),
    )
    over.set()
    outcomes = [outcome for each in await asyncio.gather(*flood) for outcome in each]
    assert first.account.account_id
    assert reads == [None] * (2 * READS)
    assert outcomes.count(None) > 0
    assert {one for one in outcomes if one is not None} <= EXPECTED
    assert any(outcomes), "the flood was to be more than is taken"


async def reason(call: Any) -> ErrorReason.ValueType | None:
    """Why it was refused; None where it was answered."""
    try:
        await call
    except grpc.aio.AioRpcError as error:
        fault = fault_in(error)
        return ErrorReason.ERROR_REASON_UNSPECIFIED if fault is None else fault.reason
    return None
