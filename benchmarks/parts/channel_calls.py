"""GetChannel by every protocol, with as little as possible of the client's own."""

from __future__ import annotations

import json
import struct
import uuid
from collections.abc import Callable, Generator, Mapping
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import Any, Final, cast
from urllib.parse import urlsplit

import grpc

from benchmarks.parts.http1 import Connection, request
from benchmarks.parts.stack import Stack
from benchmarks.parts.turns import Call
from mesh.testing.grpc_web import HEADERS, framed
from vidmesh.social.v1.channel_service_pb2 import GetChannelRequest, GetChannelResponse

METHOD: Final = "/vidmesh.social.v1.ChannelService/GetChannel"


@contextmanager
def channel_calls(stack: Stack, others: Mapping[str, str]) -> Generator[dict[str, Call]]:
    """Name of the way → one call; the channel is there. Connections last as long as the block.

    `others` are more ways, by gRPC: name → host:port.
    """
    edge = stack.edge_url
    address = urlsplit(edge).netloc
    with (
        Connection(edge) as json_connection,
        Connection(edge) as web_connection,
        _grpc(address) as at_edge,
        _grpc(stack.settings.services["svc_social"]) as at_service,
        ExitStack() as more,
    ):
        asked = GetChannelRequest(channel=_signed_up(json_connection, edge))
        as_json = request(f"{edge}/v1/channels/{asked.channel}")
        as_web = request(edge + METHOD, "POST", HEADERS, framed(asked.SerializeToString()))
        there = {name: more.enter_context(_grpc(place)) for name, place in others.items()}
        yield {
            "direct": lambda: at_service(asked, timeout=5),
            "gRPC": lambda: at_edge(asked, timeout=5),
            "JSON": lambda: json.loads(json_connection.ask(as_json))["channel"],
            "gRPC-web": lambda: _web_answer(web_connection.ask(as_web)),
            **{name: partial(call, asked, timeout=5) for name, call in there.items()},
        }


def _signed_up(connection: Connection, edge: str) -> str:
    """The channel of a new account."""
    handle = f"b{uuid.uuid4().hex[:12]}"
    person = {"email": f"{handle}@example.org", "password": "correct horse battery", "handle": handle}
    headers = {"content-type": "application/json"}
    answer = connection.ask(request(f"{edge}/v1/accounts:signUp", "POST", headers, json.dumps(person).encode()))
    return str(json.loads(answer)["channel"]["channel_id"])


@contextmanager
def _grpc(address: str) -> Generator[Callable[..., GetChannelResponse]]:
    with grpc.insecure_channel(address, options=[("grpc.enable_http_proxy", 0)]) as channel:
        call: Any = channel.unary_unary(METHOD, GetChannelRequest.SerializeToString, GetChannelResponse.FromString)
        yield cast("Callable[..., GetChannelResponse]", call)


def _web_answer(body: bytes) -> GetChannelResponse:
    flag, length = struct.unpack_from(">BI", body)
    if flag:
        raise ValueError("the answer is trailers alone, so the call has failed")
    return GetChannelResponse.FromString(body[5 : 5 + length])
