"""A sign-in that was ended is refused by every edge within a second, though its tokens have not expired."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace
from typing import Any

import grpc
import grpc.aio
import httpx
import pytest

from tests.contract.gateway.faces import (
    VIDEO,
    VIDEOS,
    grpc_failure,
    json_status,
    reason,
    signed_in,
    web_call,
    web_status,
)
from vidmesh.transcode.v1.transcode_service_pb2 import WatchProcessingRequest

pytestmark = pytest.mark.asyncio(loop_scope="module")

READ, PUBLISH = f"/v1/videos/{VIDEO}", f"/v1/videos/{VIDEO}:publish"


async def end(installation: Any, http: httpx.AsyncClient, session: str) -> float:
    """End it as the control plane does; seconds until the edge refuses it."""
    headers = signed_in(installation, session=session)
    assert (await http.get(READ, headers=headers)).is_success
    started = time.monotonic()
    installation.edge.control.learn(replace(installation.keys, ended=frozenset({session, "another"})))
    for _ in range(500):
        if not (await http.get(READ, headers=headers)).is_success:
            return time.monotonic() - started
        await asyncio.sleep(0.01)
    return time.monotonic() - started


async def test_an_ended_sign_in_is_refused_within_a_second(installation: Any, http: httpx.AsyncClient) -> None:
    assert await end(installation, http, "lost-laptop") < 1


async def test_it_is_refused_in_the_same_words_in_every_face(installation: Any, http: httpx.AsyncClient) -> None:
    await end(installation, http, "lost-phone")
    headers = signed_in(installation, session="lost-phone")
    by_json = await http.post(PUBLISH, json={}, headers=headers)
    by_grpc = await grpc_failure(installation.edge.address, f"{VIDEOS}/PublishVideo", b"", headers)
    _, trailers = await web_call(http, f"{VIDEOS}/PublishVideo", b"", headers)
    assert by_json.status_code == httpx.codes.UNAUTHORIZED
    assert by_json.headers["www-authenticate"] == "Bearer"
    assert (by_grpc.code, by_grpc.message) == (grpc.StatusCode.UNAUTHENTICATED.value[0], "This sign-in has ended.")
    assert reason(by_grpc) == "INVALID_TOKEN"
    assert json_status(by_json) == by_grpc == web_status(trailers)


async def test_other_sign_ins_of_the_account_go_on(installation: Any, http: httpx.AsyncClient) -> None:
    await end(installation, http, "one-of-two")
    assert (await http.post(PUBLISH, json={}, headers=signed_in(installation, session="other-of-two"))).is_success


async def test_the_end_of_one_sign_in_cuts_nobodys_stream(installation: Any, http: httpx.AsyncClient) -> None:
    await end(installation, http, "before")
    headers = signed_in(installation, session="watcher")
    request = WatchProcessingRequest(video_id=VIDEO).SerializeToString()
    async with grpc.aio.insecure_channel(installation.edge.address) as channel:
        watch = channel.unary_stream("/vidmesh.transcode.v1.TranscodeService/WatchProcessing")
        messages = 0
        async for _ in watch(request, metadata=tuple(headers.items()), timeout=10):
            messages += 1
            if messages == 1:
                installation.edge.control.learn(replace(installation.keys, ended=frozenset({"somebody-else"})))
    assert messages == 3
