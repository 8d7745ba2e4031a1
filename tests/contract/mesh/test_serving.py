"""What every server offers besides its services: health, reflection, streams of requests."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc

from mesh.hosting import Hosted
from mesh.policy import Policy
from mesh.testing.serving import TestMesh
from vidmesh.common.v1.error_reason_pb2 import ErrorReason
from vidmesh.options.v1.options_pb2 import Access, RateClass, Relation
from vidmesh.social.v1 import channel_service_pb2 as pb

from .conftest import CHANNELS, Start, fault, nothing

SERVING = health_pb2.HealthCheckResponse.SERVING
NOT_SERVING = health_pb2.HealthCheckResponse.NOT_SERVING


@pytest.mark.parametrize("service", ["", CHANNELS])
async def test_health_is_known_for_the_server_and_each_service(start: Start, service: str) -> None:
    started = await start(nothing)
    stub: Any = health_pb2_grpc.HealthStub(started.outside)

    answer = await stub.Check(health_pb2.HealthCheckRequest(service=service))

    assert answer.status == SERVING


async def test_a_watcher_of_health_sees_the_end_coming_and_does_not_hold_it_up(start: Start) -> None:
    started = await start(nothing)
    stub: Any = health_pb2_grpc.HealthStub(started.outside)
    watch = aiter(stub.Watch(health_pb2.HealthCheckRequest(service=CHANNELS)))
    assert (await anext(watch)).status == SERVING

    draining = asyncio.ensure_future(started.server.drain(timedelta(seconds=10)))

    assert (await anext(watch)).status == NOT_SERVING
    await asyncio.wait_for(draining, 2)


async def test_reflection_lists_the_services(start: Start) -> None:
    started = await start(nothing)
    outside: Any = started.outside
    stub: Any = reflection_pb2_grpc.ServerReflectionStub(outside)
    request = reflection_pb2.ServerReflectionRequest(list_services="")

    answers = [one async for one in stub.ServerReflectionInfo(iter([request]))]

    names = {service.name for service in answers[0].list_services_response.service}
    assert names == {CHANNELS, "grpc.health.v1.Health", "grpc.reflection.v1alpha.ServerReflection"}


class Streams:
    """Two methods that take streams; no contract has such a method yet."""

    async def sum(self, requests: AsyncIterator[pb.ListMyChannelsRequest], context: Any) -> pb.ListMyChannelsRequest:
        """Many to one."""
        return pb.ListMyChannelsRequest(page_size=sum([one.page_size async for one in requests]))

    async def echo(
        self, requests: AsyncIterator[pb.ListMyChannelsRequest], context: Any
    ) -> AsyncIterator[pb.ListMyChannelsRequest]:
        """Many to many."""
        async for one in requests:
            yield one


def add_streams(servicer: Any, server: Any) -> None:
    message: Any = pb.ListMyChannelsRequest
    coders = {"request_deserializer": message.FromString, "response_serializer": message.SerializeToString}
    server.add_registered_method_handlers(
        "test.Streams",
        {
            "Sum": grpc.stream_unary_rpc_method_handler(servicer.sum, **coders),
            "Echo": grpc.stream_stream_rpc_method_handler(servicer.echo, **coders),
        },
    )


async def test_each_message_of_a_request_stream_is_validated(mesh: TestMesh, monkeypatch: pytest.MonkeyPatch) -> None:
    public = Policy(Access.ACCESS_PUBLIC, Relation.RELATION_UNSPECIFIED, RateClass.RATE_CLASS_READ, False, None)

    def everybody(_method: str) -> Policy:
        return public

    monkeypatch.setattr("mesh.serving.policy_of", everybody)
    await mesh.serve(await mesh.runtime("svc_x"), [Hosted(name="test.Streams", servicer=Streams(), add=add_streams)])
    message: Any = pb.ListMyChannelsRequest
    coders = {"request_serializer": message.SerializeToString, "response_deserializer": message.FromString}
    channel = mesh.outside("svc_x")
    total = channel.stream_unary("/test.Streams/Sum", **coders)
    echo = channel.stream_stream("/test.Streams/Echo", **coders)
    good, bad = message(page_size=3), message(page_size=-1)

    assert (await total(iter([good, good]))).page_size == 6
    assert [one.page_size async for one in echo(iter([good, good]))] == [3, 3]
    assert (await fault(total(iter([good, bad])))).reason == ErrorReason.ERROR_REASON_INVALID_FIELD
    answers = aiter(echo(iter([good, bad])))
    assert (await anext(answers)).page_size == 3
    assert (await fault(anext(answers))).reason == ErrorReason.ERROR_REASON_INVALID_FIELD
