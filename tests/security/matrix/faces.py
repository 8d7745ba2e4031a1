"""Ways to call: gRPC and gRPC-web by the edge, JSON by the edge as `google.api.http` says, and gRPC past the edge."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Final
from urllib.parse import quote, urlsplit

import grpc
import httpx
from google.api import annotations_pb2
from google.protobuf import descriptor_pool, json_format
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass
from google.rpc import code_pb2, error_details_pb2, status_pb2

from mesh.policy import Method, descriptor_set
from mesh.testing import grpc_web

OK: Final = 200
HTTP: Final = {
    "INVALID_ARGUMENT": 400,
    "FAILED_PRECONDITION": 400,
    "UNAUTHENTICATED": 401,
    "PERMISSION_DENIED": 403,
    "NOT_FOUND": 404,
    "ABORTED": 409,
    "ALREADY_EXISTS": 409,
    "RESOURCE_EXHAUSTED": 429,
    "UNIMPLEMENTED": 404,
    "INTERNAL": 500,
    "UNAVAILABLE": 503,
}
"""google/rpc/code.proto, but that an address with nothing behind it is 404."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came back."""

    code: str
    """"OK", or the canonical code."""
    reason: str = ""
    answer: Message | None = None
    sentence: str = ""
    metadata: Mapping[str, str] = field(default_factory=dict[str, str])
    """Of the reason."""

    def __str__(self) -> str:
        return f"{self.code} {self.reason}".strip()


@dataclass(frozen=True, slots=True)
class Binding:
    """The JSON face of a method."""

    verb: str
    template: str
    body: str


class Faces:
    """One edge, and channels past it."""

    def __init__(self, edge_url: str) -> None:
        self._http = httpx.Client(base_url=edge_url, timeout=20)
        self._edge = grpc.insecure_channel(urlsplit(edge_url).netloc)

    def close(self) -> None:
        self._http.close()
        self._edge.close()

    def grpc(self, method: Method, request: Message, headers: Mapping[str, str]) -> Outcome:
        """Through the edge."""
        return by_grpc(self._edge, method, request, headers)

    def web(self, method: Method, request: Message, headers: Mapping[str, str]) -> Outcome:
        """gRPC-web through the edge, the status alone."""
        body = grpc_web.framed(request.SerializeToString())
        told = self._http.post(method.name, content=body, headers={**grpc_web.HEADERS, **headers})
        found = grpc_web.reply(told.headers, told.content)
        return _failed(found.status) if found.code else Outcome("OK")

    def json(self, method: Method, request: Message, headers: Mapping[str, str]) -> Outcome:
        """Through the edge; of a stream the first answer."""
        binding = binding_of(method.name)
        assert binding is not None, f"{method.name} has no JSON face"
        path, query, body = transcoded(binding, request)
        with self._http.stream(binding.verb, path, params=query, json=body, headers=dict(headers)) as reply:
            if reply.status_code == OK and method.server_streaming:
                return Outcome("OK")
            text = reply.read().decode()
        if reply.status_code == OK:
            return Outcome("OK", answer=json_format.Parse(text, message_class(method.output_type)()))
        outcome = _failed(json_format.Parse(text, status_pb2.Status()))
        assert HTTP[outcome.code] == reply.status_code, (method.name, reply.status_code, text)
        return outcome


def by_grpc(channel: grpc.Channel, method: Method, request: Message, headers: Mapping[str, str]) -> Outcome:
    """A call on any channel; of a stream the first answer."""
    answers = message_class(method.output_type)
    opened: Any = channel.unary_stream if method.server_streaming else channel.unary_unary
    call = opened(method.name, type(request).SerializeToString, answers.FromString)
    try:
        given = call(request, timeout=20, metadata=tuple(headers.items()))
        if not method.server_streaming:
            return Outcome("OK", answer=given)
        first = next(given, None)
        given.cancel()
        return Outcome("OK", answer=first)
    except grpc.RpcError as error:
        failed: Any = error
        details = dict(failed.trailing_metadata() or ()).get("grpc-status-details-bin", b"")
        outcome = _failed(status_pb2.Status.FromString(details))
        return outcome if details else Outcome(failed.code().name, failed.details())


def message_class(name: str) -> type[Message]:
    """The generated class of a message of the contracts."""
    return GetMessageClass(descriptor_pool.Default().FindMessageTypeByName(name))


@cache
def binding_of(method: str) -> Binding | None:
    """The first JSON face that the contract gives a method."""
    http: Any = annotations_pb2.http
    service, name = method[1:].rsplit("/", 1)
    for file in descriptor_set().file:
        for one in file.service:
            if f"{file.package}.{one.name}" != service:
                continue
            options = next(each.options for each in one.method if each.name == name)
            if not options.HasExtension(http):
                return None
            rule = options.Extensions[http]
            verb = rule.WhichOneof("pattern")
            return Binding(verb.upper(), getattr(rule, verb), rule.body)
    raise AssertionError(method)


def transcoded(binding: Binding, request: Message) -> tuple[str, tuple[tuple[str, str], ...], dict[str, Any] | None]:
    """Path, query and body by the rules of google/api/http.proto."""
    fields: dict[str, Any] = json_format.MessageToDict(request, preserving_proto_field_name=True)

    def taken(match: re.Match[str]) -> str:
        *above, last = match[1].split(".")
        holder = fields
        for name in above:
            holder = holder[name]
        return quote(str(holder.pop(last)), safe="@")

    path = re.sub(r"\{([a-z_.]+)\}", taken, binding.template)
    match binding.body:
        case "*":
            return path, (), fields
        case "":
            return path, tuple(_query(fields)), None
        case name:
            body = fields.pop(name, {})
            return path, tuple(_query(fields)), body


def _query(fields: Mapping[str, Any]) -> list[tuple[str, str]]:
    pairs: list[tuple[str, str]] = []
    for name, value in fields.items():
        values: list[Any] = value if isinstance(value, list) else [value]
        pairs += [(name, one if isinstance(one, str) else json.dumps(one)) for one in values]
    return pairs


def _failed(status: status_pb2.Status) -> Outcome:
    info = error_details_pb2.ErrorInfo()
    reason = next((info.reason for detail in status.details if detail.Unpack(info)), "")
    return Outcome(code_pb2.Code.Name(status.code), reason, sentence=status.message, metadata=dict(info.metadata))
