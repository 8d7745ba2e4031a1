"""A call has one meaning, whichever of its faces it comes by; what the contracts do not open is not there."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime
from typing import Any

import grpc
import grpc.aio
import httpx
import pytest
from google.protobuf import json_format
from google.rpc.status_pb2 import Status

from gateway.testing.services import MISSING_VIDEO, WATCH_STEPS
from mesh.call import Principal
from mesh.identity import CLOCKS_APART
from tests.contract.gateway.faces import VIDEO, VIDEOS, grpc_call, grpc_failure, reason, signed_in, web_call
from vidmesh.social.v1.account_pb2 import ROLE_MEMBER
from vidmesh.upload.v1.video_service_pb2 import GetVideoRequest, GetVideoResponse

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_grpc_grpc_web_and_json_give_the_same_answer(installation: Any, http: httpx.AsyncClient) -> None:
    request = GetVideoRequest(video_id=VIDEO).SerializeToString()
    by_grpc = await grpc_call(installation.edge.address, f"{VIDEOS}/GetVideo", request)
    by_web, trailers = await web_call(http, f"{VIDEOS}/GetVideo", request)
    by_json = await http.get(f"/v1/videos/{VIDEO}")
    assert by_web == by_grpc
    assert trailers["grpc-status"] == "0"
    assert json_format.Parse(by_json.text, GetVideoResponse()) == GetVideoResponse.FromString(by_grpc)


async def test_grpc_grpc_web_and_json_give_the_same_error(installation: Any, http: httpx.AsyncClient) -> None:
    request = GetVideoRequest(video_id=MISSING_VIDEO).SerializeToString()
    by_grpc = await grpc_failure(installation.edge.address, f"{VIDEOS}/GetVideo", request)
    _, trailers = await web_call(http, f"{VIDEOS}/GetVideo", request)
    by_json = await http.get(f"/v1/videos/{MISSING_VIDEO}")
    assert reason(by_grpc) == "VIDEO_NOT_FOUND"
    assert trailers["grpc-status"] == str(by_grpc.code)
    assert by_json.status_code == httpx.codes.NOT_FOUND
    assert json_format.Parse(by_json.text, Status()) == by_grpc


async def test_json_has_the_contracts_names_and_shows_empty_fields(http: httpx.AsyncClient) -> None:
    video = (await http.get(f"/v1/videos/{VIDEO}")).json()["video"]
    assert video["video_id"] == VIDEO
    assert video["description"] == ""


async def test_a_server_stream_reaches_a_browser_as_server_sent_events(
    installation: Any, http: httpx.AsyncClient
) -> None:
    answer = await http.get(f"/v1/videos/{VIDEO}/processing:watch", headers=signed_in(installation))
    assert answer.headers["content-type"] == "text/event-stream"
    events = [json.loads(event.removeprefix("data: ")) for event in answer.text.strip().split("\n\n")]
    assert [event["cursor"] for event in events] == [str(step) for step in range(1, WATCH_STEPS + 1)]


async def test_a_stream_that_cannot_begin_fails_like_any_call(installation: Any, http: httpx.AsyncClient) -> None:
    answer = await http.get(f"/v1/videos/{MISSING_VIDEO}/processing:watch", headers=signed_in(installation))
    assert answer.status_code == httpx.codes.NOT_FOUND
    assert answer.json()["details"][0]["reason"] == "VIDEO_NOT_FOUND"


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/v1/nothing"),
        ("DELETE", "/v1/jwks"),
        ("POST", f"{VIDEOS}/GetVideo"),
        ("GET", "/vidmesh-media/v/x"),
    ],
)
async def test_what_no_contract_names_is_not_found(http: httpx.AsyncClient, method: str, path: str) -> None:
    answer = await http.request(method, path)
    assert answer.status_code == httpx.codes.NOT_FOUND
    assert answer.json()["details"][0]["reason"] == "NO_SUCH_METHOD"


@pytest.mark.parametrize(
    "path", [f"{VIDEOS}/CheckViewer", f"{VIDEOS}/Unknown", "/grpc.health.v1.Health/Check", "/no.Such/Method"]
)
async def test_methods_for_services_alone_do_not_exist_outside(installation: Any, path: str) -> None:
    before = len(installation.services.seen.calls)
    status = await grpc_failure(installation.edge.address, path)
    assert status.code == grpc.StatusCode.UNIMPLEMENTED.value[0]
    assert reason(status) == "NO_SUCH_METHOD"
    assert len(installation.services.seen.calls) == before


async def test_a_misspelt_parameter_is_an_error(http: httpx.AsyncClient) -> None:
    answer = await http.get(f"/v1/videos/{VIDEO}?vido=1")
    assert answer.status_code == httpx.codes.BAD_REQUEST
    assert answer.json()["details"][0]["reason"] == "INVALID_FIELD"
    assert "vido" in answer.json()["message"]


async def test_a_body_that_is_no_json_is_an_error(installation: Any, http: httpx.AsyncClient) -> None:
    headers = {**signed_in(installation), "content-type": "application/json"}
    answer = await http.post(f"/v1/videos/{VIDEO}:publish", content="{", headers=headers)
    assert answer.status_code == httpx.codes.BAD_REQUEST
    assert answer.json()["code"] == grpc.StatusCode.INVALID_ARGUMENT.value[0]


async def test_a_stream_to_a_method_that_is_not_there_is_ended_at_once(installation: Any) -> None:
    """Such as reflection: a client that keeps its side open would wait for as long as the edge does."""
    async with grpc.aio.insecure_channel(installation.edge.address) as channel:
        call = channel.stream_stream("/grpc.reflection.v1.ServerReflection/ServerReflectionInfo")(timeout=5)
        assert await call.code() is grpc.StatusCode.UNIMPLEMENTED


async def test_who_is_not_signed_in_is_told_so_in_every_face(installation: Any, http: httpx.AsyncClient) -> None:
    by_grpc = await grpc_failure(installation.edge.address, f"{VIDEOS}/PublishVideo")
    by_json = await http.post(f"/v1/videos/{VIDEO}:publish", json={})
    _, by_web = await web_call(http, f"{VIDEOS}/PublishVideo", b"")
    assert reason(by_grpc) == "SIGN_IN_REQUIRED"
    assert by_json.status_code == httpx.codes.UNAUTHORIZED
    assert by_json.headers["www-authenticate"] == "Bearer"
    assert json_format.Parse(by_json.text, Status()) == by_grpc
    assert by_web["grpc-status"] == str(by_grpc.code)
    assert by_web["grpc-message"] == by_grpc.message
    assert Status.FromString(base64.b64decode(by_web["grpc-status-details-bin"] + "===")) == by_grpc


@pytest.mark.parametrize("path", ["/v1/videos/abcdefghijk", "/v1/accounts/me/channels"])
@pytest.mark.parametrize("token", ["Bearer nonsense", "Bearer a.b.c"])
async def test_a_bad_access_token_is_refused_even_where_none_is_needed(
    http: httpx.AsyncClient, path: str, token: str
) -> None:
    answer = await http.get(path, headers={"authorization": token})
    assert answer.status_code == httpx.codes.UNAUTHORIZED
    assert answer.json()["details"][0]["reason"] == "INVALID_TOKEN"


async def test_a_grant_is_no_access_token(installation: Any, http: httpx.AsyncClient, grant: str) -> None:
    answer = await http.get("/v1/accounts/me/channels", headers={"authorization": f"Bearer {grant}"})
    assert answer.status_code == httpx.codes.UNAUTHORIZED


async def test_a_token_reaches_the_service_which_checks_it_again(installation: Any, http: httpx.AsyncClient) -> None:
    headers = signed_in(installation)
    answer = await http.post(f"/v1/videos/{VIDEO}:publish", json={"visibility": "VISIBILITY_PUBLIC"}, headers=headers)
    assert answer.json()["video"]["visibility"] == "VISIBILITY_PUBLIC"
    assert installation.services.seen.calls[-1][1]["authorization"] == headers["authorization"]


async def test_a_token_of_an_issuer_whose_clock_is_ahead_is_believed(
    installation: Any, http: httpx.AsyncClient
) -> None:
    token = installation.access.mint(Principal("ann", "s", ROLE_MEMBER), datetime.now(UTC) + CLOCKS_APART).token
    headers = {"authorization": f"Bearer {token}"}
    assert (await http.post(f"/v1/videos/{VIDEO}:publish", json={}, headers=headers)).is_success


async def test_identity_and_place_come_from_the_edge_and_never_from_outside(
    installation: Any, http: httpx.AsyncClient
) -> None:
    forged = {
        "x-vidmesh-service": "forged",
        "X-Vidmesh-Country": "XX",
        "x-vidmesh-edge": "forged",
        "x-vidmesh-anything": "forged",
        "x_vidmesh_service": "forged",
        "x-envoy-retry-on": "5xx",
        "x-envoy-original-path": "/forged",
    }
    request = GetVideoRequest(video_id=VIDEO).SerializeToString()
    await grpc_call(
        installation.edge.address,
        f"{VIDEOS}/GetVideo",
        request,
        {name.lower(): value for name, value in forged.items()},
    )
    by_grpc = installation.services.seen.calls[-1][1]
    await http.get(f"/v1/videos/{VIDEO}", headers={**forged, "cf-ipcountry": "CH"})
    by_json = installation.services.seen.calls[-1][1]
    for metadata in (by_grpc, by_json):
        assert "forged" not in " ".join(metadata.values())
        assert "x-envoy-retry-on" not in metadata
        assert metadata["x-vidmesh-edge"] == "test-edge"
    assert "x-vidmesh-country" not in by_grpc
    assert by_json["x-vidmesh-country"] == "CH"


async def test_a_call_that_may_be_repeated_is_repeated(installation: Any, http: httpx.AsyncClient) -> None:
    installation.services.seen.unavailable = 1
    answer = await http.get(f"/v1/videos/{VIDEO}")
    assert answer.status_code == httpx.codes.OK
    assert [name for name, _ in installation.services.seen.calls[-2:]] == ["GetVideo", "GetVideo"]


async def test_a_call_that_may_not_be_repeated_is_not(installation: Any, http: httpx.AsyncClient) -> None:
    installation.services.seen.unavailable = 1
    before = len(installation.services.seen.calls)
    answer = await http.post("/v1/channels", json={"handle": "somebody"}, headers=signed_in(installation))
    assert answer.status_code == httpx.codes.SERVICE_UNAVAILABLE
    assert len(installation.services.seen.calls) == before + 1


async def test_a_service_that_is_down_is_said_to_be_so_in_every_face(
    installation: Any, http: httpx.AsyncClient
) -> None:
    by_json = await http.get(f"/v1/videos/{VIDEO}/playback")
    by_grpc = await grpc_failure(installation.edge.address, "/vidmesh.playback.v1.PlaybackService/GetPlayback")
    assert by_json.status_code == httpx.codes.SERVICE_UNAVAILABLE
    assert by_json.headers["retry-after"] == "1"
    assert reason(by_grpc) == "UNAVAILABLE"
    assert json_format.Parse(by_json.text, Status()) == by_grpc


async def test_a_page_of_a_known_origin_may_call_and_no_other(http: httpx.AsyncClient) -> None:
    asking = {"access-control-request-method": "POST", "access-control-request-headers": "x-grpc-web,content-type"}
    known = await http.options(f"{VIDEOS}/GetVideo", headers={"origin": "https://app.example", **asking})
    assert known.headers["access-control-allow-origin"] == "https://app.example"
    assert known.headers["access-control-allow-credentials"] == "true"
    assert "x-grpc-web" in known.headers["access-control-allow-headers"]
    by_json = await http.options("/v1/videos/x:publish", headers={"origin": "https://app.example", **asking})
    assert by_json.headers["access-control-allow-origin"] == "https://app.example"
    other = await http.options("/v1/videos/x", headers={"origin": "https://other.example", **asking})
    assert "access-control-allow-origin" not in other.headers


async def test_the_edge_says_that_it_is_well(http: httpx.AsyncClient) -> None:
    answer = await http.get("/healthz")
    assert (answer.status_code, answer.text) == (httpx.codes.OK, "ok\n")
