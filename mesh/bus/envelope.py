"""What travels beside a message: its id, its type, and the trace it belongs to."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from google.protobuf.message import Message

from mesh.bus.errors import InvalidMessage
from mesh.bus.subjects import Route, route_of
from mesh.bus.tracing import inject_trace
from vidmesh.options.v1.options_pb2 import Delivery

ID_HEADER: Final = "Nats-Msg-Id"
TYPE_HEADER: Final = "vidmesh-type"
MAX_PAYLOAD: Final = 900_000
"""Bytes of one message; the server takes 1 MB with its headers."""


@dataclass(frozen=True, slots=True)
class Envelope:
    """A message ready to travel."""

    subject: str
    stream: str
    payload: bytes = field(repr=False)
    headers: dict[str, str]


def pack(message: Message, event_id: str | None) -> Envelope:
    """Everything that is sent for a message. Raises InvalidMessage, also where a fact or a job has no id."""
    route = route_of(message)
    if route.delivery == Delivery.DELIVERY_UNSPECIFIED:
        raise InvalidMessage(f"{route.type_name} is not published, says its contract")
    if (route.delivery == Delivery.DELIVERY_WAKE) != (event_id is None):
        raise InvalidMessage(f"{route.type_name}: facts and jobs have an event id, wakes have none")
    payload = message.SerializeToString()
    if len(payload) > MAX_PAYLOAD:
        raise InvalidMessage(f"{route.type_name} has {len(payload)} bytes; large things travel by reference")
    return Envelope(route.subject(message), route.stream, payload, _headers(route, event_id))


def _headers(route: Route, event_id: str | None) -> dict[str, str]:
    headers = {TYPE_HEADER: route.type_name}
    if event_id is not None:
        if not event_id or not event_id.isascii() or not event_id.isprintable() or len(event_id) > 256:
            raise InvalidMessage(f"{event_id!r} is no event id: 1 to 256 printable ASCII characters")
        headers[ID_HEADER] = event_id
    inject_trace(headers)
    return headers
