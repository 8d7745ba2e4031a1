"""The same call through gRPC, gRPC-web and JSON gives the same answer, and the same error."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import grpc
import httpx
import pytest
from google.protobuf import json_format
from google.protobuf.message import Message
from google.rpc import error_details_pb2, status_pb2
from grpc_status import rpc_status

from mesh.testing import grpc_web
from tests.e2e.people import somebody
from tests.e2e.stacks import Stack
from vidmesh.social.v1 import account_service_pb2, channel_service_pb2
from vidmesh.upload.v1 import video_service_pb2

VIDEO = "/vidmesh.upload.v1.VideoService/GetVideo"
CHANNEL = "/vidmesh.social.v1.ChannelService/GetChannel"
MEMBERS = "/vidmesh.social.v1.ChannelService/ListMembers"
ACCOUNT = "/vidmesh.social.v1.AccountService/GetAccount"

Answer = tuple[Message | None, status_pb2.Status]
Ask = Callable[[str, Message, type[Message], str], Answer]


@pytest.fixture(scope="module")
def token(stack: Stack) -> Iterator[tuple[str, str]]:
    """An access token, and its account's channel."""
    person = somebody(stack)
    yield str(person.edge.headers["authorization"]), person.channel_id
    person.edge.close()


@pytest.fixture(params=["grpc", "grpc-web", "json"])
def ask(request: pytest.FixtureRequest, stack: Stack) -> Ask:
    """One way to call the edge."""
    ways: dict[str, Callable[[str, str, Message, type[Message], str], Answer]] = {
        "grpc": _by_grpc,
        "grpc-web": _by_grpc_web,
        "json": _by_json,
    }
    way = ways[request.param]

    def asking(method: str, message: Message, answer: type[Message], authorization: str = "") -> Answer:
        return way(stack.edge_url, method, message, answer, authorization)

    return asking


def _by_grpc(edge: str, method: str, message: Message, answer: type[Message], authorization: str) -> Answer:
    with grpc.insecure_channel(urlsplit(edge).netloc) as channel:
        call: Any = channel.unary_unary(method, type(message).SerializeToString, answer.FromString)
        metadata = (("authorization", authorization),) if authorization else ()
        try:
            return call(message, timeout=10, metadata=metadata), status_pb2.Status()
        except grpc.RpcError as error:
            refused: Any = error
    return None, rpc_status.from_call(refused) or status_pb2.Status()


def _by_grpc_web(edge: str, method: str, message: Message, answer: type[Message], authorization: str) -> Answer:
    headers = {**grpc_web.HEADERS, **({"authorization": authorization} if authorization else {})}
    sent = httpx.post(edge + method, content=grpc_web.framed(message.SerializeToString()), headers=headers)
    found = grpc_web.reply(sent.headers, sent.content)
    if found.code:
        return None, found.status
    return answer.FromString(found.messages[0]), status_pb2.Status()


def _by_json(edge: str, method: str, message: Message, answer: type[Message], authorization: str) -> Answer:
    fields: dict[str, Any] = json_format.MessageToDict(message, preserving_proto_field_name=True)
    paths = {
        VIDEO: "/v1/videos/{video_id}",
        CHANNEL: "/v1/channels/{channel}",
        MEMBERS: "/v1/channels/{channel_id}/members",
        ACCOUNT: "/v1/accounts/{account_id}",
    }
    headers = {"authorization": authorization} if authorization else {}
    reply = httpx.get(edge + paths[method].format(**fields), headers=headers)
    assert reply.headers["content-type"] == "application/json"
    if reply.status_code == 200:
        return json_format.Parse(reply.text, answer()), status_pb2.Status()
    return None, json_format.Parse(reply.text, status_pb2.Status())


def _reasons(status: status_pb2.Status) -> list[str]:
    found: list[str] = []
    for detail in status.details:
        info = error_details_pb2.ErrorInfo()
        if detail.Unpack(info):
            assert info.domain == "vidmesh"
            found.append(info.reason)
    return found


def test_an_answer(ask: Ask, token: tuple[str, str]) -> None:
    request = channel_service_pb2.GetChannelRequest(channel=token[1])
    answer, _ = ask(CHANNEL, request, channel_service_pb2.GetChannelResponse, "")
    assert isinstance(answer, channel_service_pb2.GetChannelResponse)
    assert answer.channel.channel_id == token[1]
    assert answer.channel.HasField("create_time")


def test_an_answer_to_somebody_signed_in(ask: Ask, token: tuple[str, str]) -> None:
    request = account_service_pb2.GetAccountRequest(account_id="me")
    answer, _ = ask(ACCOUNT, request, account_service_pb2.GetAccountResponse, token[0])
    assert isinstance(answer, account_service_pb2.GetAccountResponse)
    assert answer.account.email.endswith("@example.org")


def test_not_found(ask: Ask) -> None:
    request = video_service_pb2.GetVideoRequest(video_id="AAAAAAAAAAA")
    answer, status = ask(VIDEO, request, video_service_pb2.GetVideoResponse, "")
    assert answer is None
    assert (status.code, _reasons(status)) == (5, ["VIDEO_NOT_FOUND"])
    assert status.message.endswith(".")


def test_a_field_that_breaks_a_rule(ask: Ask) -> None:
    request = video_service_pb2.GetVideoRequest(video_id="short")
    _, status = ask(VIDEO, request, video_service_pb2.GetVideoResponse, "")
    assert (status.code, _reasons(status)) == (3, ["INVALID_FIELD"])
    violations = error_details_pb2.BadRequest()
    assert any(detail.Unpack(violations) for detail in status.details)
    assert [violation.field for violation in violations.field_violations] == ["video_id"]


def test_sign_in_required(ask: Ask, token: tuple[str, str]) -> None:
    request = channel_service_pb2.ListMembersRequest(channel_id=token[1])
    _, status = ask(MEMBERS, request, channel_service_pb2.ListMembersResponse, "")
    assert (status.code, _reasons(status)) == (16, ["SIGN_IN_REQUIRED"])


def test_a_bad_token(ask: Ask, token: tuple[str, str]) -> None:
    request = channel_service_pb2.ListMembersRequest(channel_id=token[1])
    _, status = ask(MEMBERS, request, channel_service_pb2.ListMembersResponse, token[0][:-6])
    assert (status.code, _reasons(status)) == (16, ["INVALID_TOKEN"])


def test_a_method_for_services_alone_is_not_there(stack: Stack) -> None:
    path = "/vidmesh.upload.v1.VideoService/CheckViewer"
    request, answer = video_service_pb2.CheckViewerRequest, video_service_pb2.CheckViewerResponse
    with grpc.insecure_channel(urlsplit(stack.edge_url).netloc) as channel:
        call: Any = channel.unary_unary(path, request.SerializeToString, answer.FromString)
        with pytest.raises(grpc.RpcError) as refused:
            call(request(video_id="AAAAAAAAAAA"), timeout=10)
    error: Any = refused.value
    assert error.code() in {grpc.StatusCode.UNIMPLEMENTED, grpc.StatusCode.NOT_FOUND}
