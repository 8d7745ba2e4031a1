"""A browser's sign-in travels in a cookie, which counts only where no page of another site can have sent it."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from mesh.cookies import CSRF_HEADER, cookie_names
from mesh.testing import grpc_web
from tests.contract.gateway.faces import VIDEO, VIDEOS, json_status, reason, token_of, web_call, web_status
from vidmesh.social.v1.account_service_pb2 import SignInRequest, SignInResponse
from vidmesh.upload.v1.video_service_pb2 import PublishVideoRequest

pytestmark = pytest.mark.asyncio(loop_scope="module")

PUBLISH = f"/v1/videos/{VIDEO}:publish"
CSRF = {CSRF_HEADER: "yes"}
NAMES = cookie_names("")


def cookie(token: str) -> dict[str, str]:
    return {"cookie": f"theme=dark; {NAMES.access}={token}; {NAMES.refresh}=r"}


def last_metadata(installation: Any) -> dict[str, str]:
    return dict(installation.services.seen.calls[-1][1])


async def test_a_cookie_alone_is_nobody_and_the_sentence_says_what_is_missing(
    installation: Any, http: httpx.AsyncClient
) -> None:
    headers = cookie(token_of(installation))
    by_json = await http.post(PUBLISH, json={}, headers=headers)
    _, trailers = await web_call(http, f"{VIDEOS}/PublishVideo", b"", headers)
    assert by_json.status_code == httpx.codes.UNAUTHORIZED
    assert reason(json_status(by_json)) == "SIGN_IN_REQUIRED"
    assert CSRF_HEADER in json_status(by_json).message
    assert web_status(trailers) == json_status(by_json)


async def test_a_cookie_with_the_header_signs_in_on_both_faces(installation: Any, http: httpx.AsyncClient) -> None:
    token = token_of(installation)
    headers = {**cookie(token), **CSRF}
    assert (await http.post(PUBLISH, json={}, headers=headers)).is_success
    assert last_metadata(installation)["authorization"] == f"Bearer {token}"
    request = PublishVideoRequest(video_id=VIDEO).SerializeToString()
    _, trailers = await web_call(http, f"{VIDEOS}/PublishVideo", request, headers)
    assert trailers["grpc-status"] == "0"
    assert last_metadata(installation)["authorization"] == f"Bearer {token}"


async def test_where_none_is_needed_a_cookie_alone_changes_nothing(installation: Any, http: httpx.AsyncClient) -> None:
    for headers in (cookie("nonsense"), cookie(token_of(installation)), CSRF, {}):
        assert (await http.get(f"/v1/videos/{VIDEO}", headers=headers)).is_success
        assert "authorization" not in last_metadata(installation)


@pytest.mark.parametrize("empty", [{"cookie": f"{NAMES.access}="}, {"cookie": "theme=dark"}, {"cookie": ""}])
async def test_a_cookie_without_a_token_is_nobody_though_the_header_is_there(
    installation: Any, http: httpx.AsyncClient, empty: dict[str, str]
) -> None:
    assert (await http.get(f"/v1/videos/{VIDEO}", headers={**empty, **CSRF})).is_success
    assert "authorization" not in last_metadata(installation)


async def test_a_bad_cookie_is_refused_only_together_with_the_header(http: httpx.AsyncClient) -> None:
    refused = await http.get(f"/v1/videos/{VIDEO}", headers={**cookie("nonsense"), **CSRF})
    assert refused.status_code == httpx.codes.UNAUTHORIZED
    assert reason(json_status(refused)) == "INVALID_TOKEN"


async def test_an_authorization_header_goes_before_a_cookie(installation: Any, http: httpx.AsyncClient) -> None:
    headers = {**cookie("nonsense"), **CSRF, "authorization": f"Bearer {token_of(installation, 'another')}"}
    assert (await http.post(PUBLISH, json={}, headers=headers)).is_success
    assert last_metadata(installation)["authorization"] == headers["authorization"]


async def test_only_the_service_that_gives_cookies_is_sent_any(installation: Any, http: httpx.AsyncClient) -> None:
    headers = {**cookie(token_of(installation)), **CSRF}
    await http.get(f"/v1/videos/{VIDEO}", headers=headers)
    others = last_metadata(installation)
    assert not {"cookie", CSRF_HEADER} & set(others)
    await http.post("/v1/channels", json={"handle": "somebody"}, headers=headers)
    social = last_metadata(installation)
    assert social["cookie"] == headers["cookie"]
    assert social[CSRF_HEADER] == "1"
    assert "x-vidmesh-session" not in social | others


async def test_a_sign_in_that_went_bad_never_stands_in_the_way_of_the_next(
    installation: Any, http: httpx.AsyncClient
) -> None:
    answer = await http.post(
        "/v1/sessions", json={"email": "a@b.example", "password": "x"}, headers={**cookie("nonsense"), **CSRF}
    )
    assert answer.is_success
    metadata = last_metadata(installation)
    assert "authorization" not in metadata
    assert metadata[CSRF_HEADER] == "1"


async def test_cookies_that_a_service_gives_reach_the_browser_on_both_faces(http: httpx.AsyncClient) -> None:
    given = [f"{NAMES.access}=a; Path=/; HttpOnly; SameSite=Lax", f"{NAMES.refresh}=r; Path=/; HttpOnly; SameSite=Lax"]
    by_json = await http.post("/v1/sessions", json={"email": "a@b.example", "password": "x", "cookies": True})
    assert by_json.headers.get_list("set-cookie") == given
    request = SignInRequest(email="a@b.example", password="x", cookies=True).SerializeToString()
    by_web = await http.post(
        "/vidmesh.social.v1.AccountService/SignIn",
        content=grpc_web.framed(request),
        headers=grpc_web.HEADERS,
    )
    assert by_web.headers.get_list("set-cookie") == given
    assert SignInResponse.FromString(grpc_web.reply(by_web.headers, by_web.content).messages[0])


async def test_the_header_is_taken_with_any_value_and_nothing_else_of_its_kind_is(
    installation: Any, http: httpx.AsyncClient
) -> None:
    forged = {"vidmesh-csrf": "1", "x-vidmesh-session": "forged", "x-vidmesh-subject": "forged", "x-vidmesh-csrf2": "1"}
    await http.post("/v1/sessions", json={"email": "a@b.example", "password": "x"}, headers=forged)
    assert not {*forged, CSRF_HEADER} & set(last_metadata(installation))


async def test_pages_of_other_origins_may_send_the_header_only_where_they_are_listed(http: httpx.AsyncClient) -> None:
    asking = {"access-control-request-method": "POST", "access-control-request-headers": CSRF_HEADER}
    listed = await http.options(PUBLISH, headers={"origin": "https://app.example", **asking})
    assert CSRF_HEADER in listed.headers["access-control-allow-headers"]
    assert listed.headers["access-control-allow-credentials"] == "true"
    other = await http.options(PUBLISH, headers={"origin": "https://other.example", **asking})
    assert "access-control-allow-origin" not in other.headers
