"""The edge answers as the OpenAPI document that it serves says."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.e2e.clients.described import JSON, OK, STREAM, Operation, Request, operations
from tests.e2e.people import Person, nobody, somebody
from tests.e2e.stacks import Stack
from tests.e2e.uploading import begin, upload

pytestmark = [pytest.mark.stack, pytest.mark.timeout(600)]

DOCUMENT: dict[str, Any] = json.loads(
    (Path(__file__).resolve().parents[3] / "gateway/reference/openapi.json").read_text(encoding="utf-8")
)
OPERATIONS = operations(DOCUMENT)
READS = [one for one in OPERATIONS if one.verb == "get"]
WITH_BODIES = [one for one in OPERATIONS if one.body is not None and one.schema_of(one.body).get("required")]
BAD_REQUEST, UNAUTHORIZED, FORBIDDEN, BROKEN = 400, 401, 403, 500
CAPTION = b"WEBVTT\n\n00:00.000 --> 00:01.000\nHello.\n"
DRAWN = 6
"""Requests for each operation and caller, the same in each run."""
drawn_alike = settings(
    max_examples=DRAWN,
    derandomize=True,
    deadline=None,
    database=None,
    # The first that fails will do: each takes a call.
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@dataclass(frozen=True, slots=True)
class Scene:
    """Somebody with one of everything, somebody who may lose their sign-in, and nobody."""

    person: Person
    spare: Person
    nobody: httpx.Client
    known: Mapping[str, Any]
    """What fills parameters, by their names."""


@pytest.fixture(scope="module")
def scene(stack: Stack) -> Iterator[Scene]:
    person, spare = somebody(stack), somebody(stack)
    anonymous = nobody(stack)
    video_id = upload(person, seconds=240)
    person.publish(video_id, "PUBLIC")
    unfinished = begin(person)["upload"]["upload_id"]
    channel = person.get("/v1/accounts/me/channels").raise_for_status().json()["channels"][0]
    caption = {"language": "en", "content": base64.b64encode(CAPTION).decode()}
    captioned = person.post(f"/v1/videos/{video_id}/captions", caption).raise_for_status().json()
    known = {
        "video_id": video_id,
        "video_ids": [video_id],
        "upload_id": unfinished,
        "channel_id": person.channel_id,
        "channel_ids": [person.channel_id],
        "channel": f"@{person.handle}",
        "caption_id": captioned["caption"]["caption_id"],
        "account_id": channel["owner_account_id"],
        "url": f"{stack.edge_url}/watch/{video_id}",
    }
    yield Scene(person, spare, anonymous, known)
    for edge in (person.edge, spare.edge, anonymous):
        edge.close()


def answered(operation: Operation, request: Request, edge: httpx.Client) -> tuple[int, Any]:
    """Status and body; of a stream what its first event holds. Both are as the document says."""
    if operation.streams:
        with edge.stream(request.verb, request.path, params=request.query) as reply:
            if reply.status_code == OK:
                kind, text = STREAM, next(line for line in reply.iter_lines() if line.startswith("data:"))[5:]
                assert reply.headers["content-type"] == STREAM
            else:
                kind, text = reply.headers["content-type"], reply.read().decode()
            status = reply.status_code
    else:
        reply = request.send(edge)
        status, kind, text = reply.status_code, reply.headers["content-type"], reply.text
    body = json.loads(text)
    faults = list(operation.faults(status, kind, body))
    assert not faults, (request, status, body, faults)
    return status, body


def test_the_document_that_the_edge_serves_is_this_one(stack: Stack) -> None:
    answer = httpx.get(f"{stack.edge_url}/openapi.json", timeout=20)
    assert answer.headers["content-type"] == JSON
    assert answer.json() == DOCUMENT


def test_there_is_a_page_of_it_that_loads_its_style_and_nothing_else(stack: Stack) -> None:
    page = httpx.get(f"{stack.edge_url}/reference", timeout=20)
    assert page.headers["content-type"].startswith("text/html")
    for operation in OPERATIONS:
        assert f'id="{operation.name}"' in page.text
    assert httpx.get(f"{stack.edge_url}/reference/style.css", timeout=20).status_code == httpx.codes.OK


@pytest.mark.parametrize("operation", READS, ids=lambda one: one.name)
def test_what_is_there_is_read_as_described(scene: Scene, operation: Operation) -> None:
    needed = [one["name"] for one in operation.parameters if one.get("required") or one["name"] in scene.known]
    if missing := set(needed) - scene.known.keys():
        pytest.skip(f"nobody made one of these here: {missing}")
    status, _ = answered(operation, operation.request({name: scene.known[name] for name in needed}), scene.person.edge)
    # Whose account was the first on this stack is its administrator.
    by_administrators = operation.told["x-vidmesh-access"] == "administrator"
    assert status in ({OK, FORBIDDEN} if by_administrators else {OK})


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda one: one.name)
def test_whatever_fits_the_description_is_answered_as_described(scene: Scene, operation: Operation) -> None:
    """As somebody signed in, and as nobody; what is not there, not theirs or taken is an answer as well."""
    ends_sign_in = operation.name == "SignOutEverywhere"

    @drawn_alike
    @given(request=operation.requests, signed_in=st.booleans())
    def holds(request: Request, signed_in: bool) -> None:
        somebody_signed_in = scene.spare.edge if ends_sign_in else scene.person.edge
        status, _ = answered(operation, request, somebody_signed_in if signed_in else scene.nobody)
        assert status < BROKEN
        if not signed_in and {} not in operation.told["security"]:
            assert status == UNAUTHORIZED

    holds()


@pytest.mark.parametrize("operation", WITH_BODIES, ids=lambda one: one.name)
def test_without_a_field_that_is_required_a_call_is_refused(scene: Scene, operation: Operation) -> None:
    schema = operation.schema_of(operation.body)

    @drawn_alike
    @given(request=operation.requests, without=st.sampled_from(schema["required"]))
    def holds(request: Request, without: str) -> None:
        body = {name: value for name, value in request.body.items() if name != without}
        known = {one["name"]: scene.known.get(one["name"]) for one in operation.parameters if one["in"] == "path"}
        path = operation.request(known).path if all(known.values()) else request.path
        status, told = answered(operation, Request(request.verb, path, request.query, body), scene.person.edge)
        if status == FORBIDDEN:
            # Who may not do it at all is told that first.
            assert operation.told["x-vidmesh-access"] == "administrator"
            return
        assert (status, told["details"][0]["reason"]) == (BAD_REQUEST, "INVALID_FIELD")
        fields = [one["field"] for detail in told["details"] for one in detail.get("field_violations", ())]
        assert without in fields

    holds()
