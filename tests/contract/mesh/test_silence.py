"""A connection between services that fell silent, which nobody has closed, is noticed by pings."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Mapping

import pytest

from mesh.local import ports
from tests.e2e.faults.relay import LOOPBACK, Relay
from tests.e2e.faults.weather import FAIR, Weather
from vidmesh.social.v1 import channel_service_pb2 as pb
from vidmesh.social.v1.channel_service_pb2_grpc import ChannelServiceStub

from .conftest import CHANNEL_ID, Start, nothing

NOTICED_WITHIN = 17.0
"""Seconds: a ping every ten, five for its answer, and some for a machine that does other things too."""


async def _nobody() -> Mapping[int, str]:
    return {}


@pytest.fixture
async def relay() -> AsyncGenerator[Relay]:
    [port, nowhere_yet] = ports.reserve(2)
    made = Relay(port, nowhere_yet, _nobody)
    await made.open()
    yield made
    await made.close()


async def test_calls_work_again_soon_after_their_connection_fell_silent(start: Start, relay: Relay) -> None:
    started = await start(nothing)
    settings = started.mesh.settings
    relay.target = int(settings.services["svc_social"].rpartition(":")[2])
    settings.services["svc_social"] = f"{LOOPBACK}:{relay.port}"
    neighbour = await started.mesh.runtime("svc_upload")
    stub = ChannelServiceStub(neighbour.channel("svc_social"))
    request = pb.CheckMemberRequest(channel_id=CHANNEL_ID, account_id=CHANNEL_ID)
    await stub.CheckMember(request)

    await relay.change(Weather(silent=True), None)
    # What connects from now on is carried; what stood is not.
    await relay.change(FAIR, None)
    began = time.monotonic()
    # Nobody calls meanwhile: who calls afterwards must not be the one that finds out.
    await asyncio.sleep(NOTICED_WITHIN)
    await stub.CheckMember(request, timeout=2)
    assert time.monotonic() - began < NOTICED_WITHIN + 2
