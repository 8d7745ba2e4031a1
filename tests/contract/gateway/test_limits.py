"""What one caller may use of an edge has an end, which is told in the same words in every face."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import grpc
import grpc.aio
import httpx
import pytest

from gateway.testing.edge import running_edge
from mesh.config import Budget, Settings
from tests.contract.gateway.faces import (
    VIDEO,
    VIDEOS,
    grpc_call,
    grpc_failure,
    json_status,
    reason,
    retry_delay,
    signed_in,
    web_call,
    web_status,
)
from vidmesh.upload.v1.video_service_pb2 import GetVideoRequest, PublishVideoRequest

pytestmark = pytest.mark.asyncio(loop_scope="module")

PUBLISH = f"/v1/videos/{VIDEO}:publish"
BURST = 3


@pytest.fixture(scope="module")
def settings(settings: Settings) -> Settings:
    # So slow that nothing comes back while a test runs, however busy the machine is.
    strict = Budget(per_user=(0.02, BURST), per_address=(0.05, BURST))
    free = Budget(per_user=(0, 0), per_address=(0, 0))
    guarded = Budget(per_user=(0, 0), per_address=(0.02, BURST))
    quick = Budget(per_user=(1, BURST), per_address=(1, BURST))
    limits = settings.limits.model_copy(update={"write": strict, "read": free, "auth": guarded, "heavy": quick})
    edge = settings.edge.model_copy(update={"trusted_proxies": 1})
    return settings.model_copy(update={"limits": limits, "edge": edge})


def from_address(address: str) -> dict[str, str]:
    return {"x-forwarded-for": address}


async def statuses(http: httpx.AsyncClient, times: int, headers: dict[str, str]) -> list[int]:
    return [(await http.post(PUBLISH, json={}, headers=headers)).status_code for _ in range(times)]


async def test_the_end_of_a_budget_is_told_alike_in_every_face(installation: Any, http: httpx.AsyncClient) -> None:
    headers = signed_in(installation, "busy")
    assert await statuses(http, BURST, headers) == [httpx.codes.OK] * BURST
    by_json = await http.post(PUBLISH, json={}, headers=headers)
    request = PublishVideoRequest(video_id=VIDEO).SerializeToString()
    by_grpc = await grpc_failure(installation.edge.address, f"{VIDEOS}/PublishVideo", request, headers)
    _, trailers = await web_call(http, f"{VIDEOS}/PublishVideo", request, headers)
    assert by_json.status_code == httpx.codes.TOO_MANY_REQUESTS
    assert by_json.headers["retry-after"] == "50"
    assert by_grpc.code == grpc.StatusCode.RESOURCE_EXHAUSTED.value[0]
    assert reason(by_grpc) == "RATE_LIMITED"
    assert by_json.json()["details"][0]["metadata"] == {"rate_class": "write"}
    assert retry_delay(by_grpc) == 50
    # Named as in the errors of services.
    assert by_json.json()["details"][1]["retry_delay"] == "50s"
    assert json_status(by_json) == by_grpc == web_status(trailers)
    assert trailers["retry-after"] == "50"


async def test_who_has_used_up_one_budget_has_the_others_still(installation: Any, http: httpx.AsyncClient) -> None:
    headers = signed_in(installation, "reader")
    await statuses(http, BURST + 1, headers)
    answers = [await http.get(f"/v1/videos/{VIDEO}", headers=headers) for _ in range(3 * BURST)]
    assert all(answer.is_success for answer in answers)


async def test_each_account_has_a_budget_of_its_own_wherever_it_calls_from(
    installation: Any, http: httpx.AsyncClient
) -> None:
    for account in ("ann", "bob"):
        headers = signed_in(installation, account)
        first = await statuses(http, 2, {**headers, **from_address("198.51.100.1")})
        second = await statuses(http, 2, {**headers, **from_address("198.51.100.2")})
        assert [*first, *second] == [200, 200, 200, 429]


async def test_a_budget_fills_again_while_time_passes(installation: Any, http: httpx.AsyncClient) -> None:
    async def counted() -> bool:
        """Whether a call of the class that fills again soon is let through; nobody answers it here."""
        path = f"/v1/videos/{VIDEO}/processing:retry"
        answer = await http.post(path, json={}, headers=signed_in(installation, "patient"))
        return answer.status_code != int(httpx.codes.TOO_MANY_REQUESTS)

    assert not all(await asyncio.gather(*(counted() for _ in range(100))))
    for _ in range(50):
        if await counted():
            return
        await asyncio.sleep(0.2)
    pytest.fail("It did not fill within ten seconds.")


@pytest.mark.parametrize(
    ("one", "another"),
    [("203.0.113.1", "203.0.113.2"), ("2001:db8:1:1::1", "2001:db8:1:2::1")],
)
async def test_where_guessing_pays_an_address_has_a_budget_whoever_is_signed_in(
    installation: Any, http: httpx.AsyncClient, one: str, another: str
) -> None:
    async def sign_in(number: int, address: str) -> int:
        headers = {**signed_in(installation, f"account-{number}"), **from_address(address)}
        body = {"email": "a@b.example", "password": "x"}
        return (await http.post("/v1/sessions", json=body, headers=headers)).status_code

    assert [await sign_in(number, one) for number in range(BURST + 1)][-1] == httpx.codes.TOO_MANY_REQUESTS
    assert await sign_in(9, another) == httpx.codes.OK


async def test_all_addresses_of_one_ipv6_network_are_one_caller(http: httpx.AsyncClient) -> None:
    answers = [
        await http.post(
            "/v1/sessions",
            json={"email": "a@b.example", "password": "x"},
            headers=from_address(f"2001:db8:7:7::{number + 1:x}:1"),
        )
        for number in range(BURST + 1)
    ]
    assert [answer.status_code for answer in answers] == [200] * BURST + [429]


async def test_the_service_is_told_the_callers_address_and_never_takes_it_from_outside(
    installation: Any, http: httpx.AsyncClient
) -> None:
    await http.get(f"/v1/videos/{VIDEO}", headers={"x-vidmesh-address": "forged", **from_address("198.51.100.9")})
    assert installation.services.seen.calls[-1][1]["x-vidmesh-address"] == "198.51.100.9"
    # One proxy is trusted, so what stands before its entry is whatever the caller wrote.
    await http.get(f"/v1/videos/{VIDEO}", headers=from_address("192.0.2.66, 198.51.100.10"))
    assert installation.services.seen.calls[-1][1]["x-vidmesh-address"] == "198.51.100.10"


async def test_a_message_beyond_the_limit_is_refused_alike_in_every_face(
    installation: Any, http: httpx.AsyncClient
) -> None:
    headers = signed_in(installation, "verbose")
    request = GetVideoRequest(video_id="x" * (installation.settings.limits.max_request_bytes + 1)).SerializeToString()
    by_json = await http.post("/v1/channels", json={"description": "x" * len(request)}, headers=headers)
    by_grpc = await grpc_failure(installation.edge.address, f"{VIDEOS}/GetVideo", request)
    _, trailers = await web_call(http, f"{VIDEOS}/GetVideo", request)
    assert by_json.status_code == httpx.codes.REQUEST_ENTITY_TOO_LARGE
    assert by_grpc.code == grpc.StatusCode.INVALID_ARGUMENT.value[0]
    assert reason(by_grpc) == "REQUEST_TOO_LARGE"
    assert by_json.json()["details"][0]["metadata"] == {"limit_bytes": str(most_bytes(installation))}
    assert json_status(by_json) == by_grpc == web_status(trailers)


def most_bytes(installation: Any) -> int:
    return installation.settings.limits.max_request_bytes


async def test_a_message_just_below_the_limit_passes(installation: Any) -> None:
    request = GetVideoRequest(video_id="x" * (installation.settings.limits.max_request_bytes - 100))
    assert await grpc_call(installation.edge.address, f"{VIDEOS}/GetVideo", request.SerializeToString())


async def test_headers_beyond_the_limit_are_refused_with_a_word(installation: Any, http: httpx.AsyncClient) -> None:
    large = {"x-large": "x" * installation.settings.limits.max_header_bytes}
    many = {f"x-many-{number}": "x" for number in range(200)}
    for headers in (large, many):
        answer = await http.get(f"/v1/videos/{VIDEO}", headers=headers)
        assert answer.status_code == httpx.codes.REQUEST_HEADER_FIELDS_TOO_LARGE
        assert reason(json_status(answer)) == "REQUEST_TOO_LARGE"


async def test_headers_beyond_the_limit_end_a_grpc_call_and_nothing_else(installation: Any) -> None:
    async with grpc.aio.insecure_channel(installation.edge.address) as channel:
        call = channel.unary_unary(f"{VIDEOS}/GetVideo")
        request = GetVideoRequest(video_id=VIDEO).SerializeToString()
        with pytest.raises(grpc.aio.AioRpcError):
            await call(request, metadata=(("x-large", "x" * installation.settings.limits.max_header_bytes),), timeout=5)
        assert await call(request, timeout=5)


@pytest.mark.parametrize(
    "body",
    [
        b'{"handle": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        b'{"a":' * 50_000 + b"1" + b"}" * 50_000,
        b'{"handle": "\xff\xfe"}',
        b'{"handle": "\xed\xa0\x80"}',
        b'{"handle": "\\ud800"}',
        b'{"page_size": 1e999, "handle": 1e999}',
        b'{"handle": {"a": 1}}',
        b'{"handle": "a",',
        b"[]",
        b"\x00",
    ],
    ids=["lists", "objects", "utf-8", "surrogate", "escaped surrogate", "number", "type", "cut off", "list", "zero"],
)
async def test_json_that_is_none_of_the_contracts_is_refused_with_a_sentence(
    installation: Any, http: httpx.AsyncClient, body: bytes
) -> None:
    headers = {**signed_in(installation, f"json-{hash(body)}"), "content-type": "application/json"}
    answer = await http.post("/v1/channels", content=body, headers=headers)
    assert answer.status_code == httpx.codes.BAD_REQUEST, answer.text
    status = json_status(answer)
    assert status.code == grpc.StatusCode.INVALID_ARGUMENT.value[0]
    assert reason(status) == "INVALID_FIELD"
    assert status.message
    assert json.loads(answer.text)


async def test_beyond_its_number_of_connections_an_edge_takes_no_more(
    installation: Any, tmp_path_factory: pytest.TempPathFactory
) -> None:
    few = installation.settings.limits.model_copy(update={"max_connections": 2})
    settings = installation.settings.model_copy(update={"limits": few})
    folder = tmp_path_factory.mktemp("few")
    down = frozenset({"svc_playback"})
    async with running_edge(settings, installation.keys, folder, down) as edge:
        host, port = edge.address.rsplit(":", 1)
        opened = [await asyncio.open_connection(host, int(port)) for _ in range(3)]
        ask = b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n"
        for _, writer in opened:
            writer.write(ask)
        answers = [await _first_line(reader) for reader, _ in opened]
        assert sorted(answers) == [b"", b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 200 OK\r\n"]
        for _, writer in opened:
            writer.close()


async def _first_line(reader: asyncio.StreamReader) -> bytes:
    try:
        return await reader.readline()
    except ConnectionError:
        return b""
