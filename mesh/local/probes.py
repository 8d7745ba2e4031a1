"""How it is seen that a part does its work."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

from mesh.local.part import NotReady

if TYPE_CHECKING:
    from mesh.local.part import Probe

PATIENCE = 2.0
"""Seconds that one look may take."""


def nats_greets(host: str, port: int) -> Probe:
    """The server sends its INFO line (NATS client protocol), which it does once JetStream has recovered."""

    async def probe() -> None:
        try:
            async with asyncio.timeout(PATIENCE):
                reader, writer = await asyncio.open_connection(host, port)
                try:
                    line = await reader.readline()
                finally:
                    writer.close()
                    with contextlib.suppress(OSError):
                        await writer.wait_closed()
        except (OSError, TimeoutError) as error:
            raise NotReady(_said(error)) from error
        if not line.startswith(b"INFO "):
            raise NotReady("it does not speak NATS")

    return probe


def grpc_serves(address: str) -> Probe:
    """`grpc.health.v1` says SERVING for the server as a whole."""

    async def probe() -> None:
        import grpc
        from grpc_health.v1 import health_pb2

        await connects(address)
        # A fresh channel each time: one that has failed waits a second before it connects again.
        async with grpc.aio.insecure_channel(address, options=[("grpc.enable_http_proxy", 0)]) as channel:
            try:
                check = channel.unary_unary(
                    "/grpc.health.v1.Health/Check",
                    request_serializer=health_pb2.HealthCheckRequest.SerializeToString,
                    response_deserializer=health_pb2.HealthCheckResponse.FromString,
                )
                answer = await check(health_pb2.HealthCheckRequest(), timeout=PATIENCE)
            except grpc.aio.AioRpcError as error:
                raise NotReady(f"{error.code().name}: {error.details()}") from error
        if answer.status != health_pb2.HealthCheckResponse.SERVING:
            raise NotReady("it does not serve yet")

    return probe


def http_answers(*urls: str) -> Probe:
    """Each address answers 200. It is one of this machine's own, so a certificate for another name is as good."""

    async def probe() -> None:
        import httpx

        async with httpx.AsyncClient(trust_env=False, timeout=PATIENCE, verify=False) as client:  # noqa: S501
            for url in urls:
                try:
                    answer = await client.get(url)
                except httpx.HTTPError as error:
                    raise NotReady(f"{url}: {_said(error)}") from error
                if not answer.is_success:
                    raise NotReady(f"{url}: {answer.status_code}")

    return probe


async def connects(address: str) -> None:
    """Somebody listens at `host:port`; `NotReady` otherwise."""
    host, _, port = address.rpartition(":")
    try:
        async with asyncio.timeout(PATIENCE):
            _, writer = await asyncio.open_connection(host.strip("[]"), int(port))
            writer.close()
            await writer.wait_closed()
    except (OSError, TimeoutError) as error:
        raise NotReady(_said(error)) from error


def lives(seconds: float) -> Probe:
    """For a process that listens nowhere: it has not ended after this time."""

    async def probe() -> None:
        await asyncio.sleep(seconds)

    return probe


def _said(error: BaseException) -> str:
    return str(error) or type(error).__name__
