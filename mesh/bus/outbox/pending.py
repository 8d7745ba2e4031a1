"""The `pending_events` column: messages that are packed, with their ids, but not published yet."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final

from google.protobuf.message import Message

from mesh.bus.envelope import Envelope, pack
from mesh.bus.subjects import route_of
from mesh.tables import Overloaded, Values
from vidmesh.options.v1.options_pb2 import Delivery

PENDING_EVENTS: Final = "pending_events"
"""The blob column that every table needs whose changes are told of."""

MAX_PENDING_BYTES: Final = 1 << 20
"""Events of one row that may wait for the bus; beyond that the row takes no more changes for the time being."""


def packed(events: Sequence[Message], origin: str) -> list[Envelope]:
    """Events ready to travel, with ids made of `origin` and their number; wakes have none. Raises InvalidMessage."""
    return [
        pack(event, None if route_of(event).delivery == Delivery.DELIVERY_WAKE else f"{origin}:{number}")
        for number, event in enumerate(events)
    ]


def appended(known: bytes | None, envelopes: Sequence[Envelope], hint: Values) -> bytes:
    """The column's next value; `hint` is the key of the hint that leads to these events.

    Raises Overloaded where too much waits already: the bus has been away for long.
    """
    listed = [*_load(known), *(_dump(envelope, hint) for envelope in envelopes)]
    content = json.dumps(listed, separators=(",", ":")).encode()
    if known is not None and len(content) > MAX_PENDING_BYTES:
        raise Overloaded("too many events of one row wait for the bus", timedelta(seconds=5))
    return content


def envelopes_of(content: bytes) -> list[Envelope]:
    """What waits, oldest first."""
    return [
        Envelope(entry["subject"], entry["stream"], base64.b64decode(entry["payload"]), entry["headers"])
        for entry in _load(content)
    ]


def hints_of(content: bytes) -> list[Values]:
    """The keys of the hints that lead to what waits, each once."""
    listed: list[Values] = []
    for entry in _load(content):
        if entry["hint"] not in listed:
            listed.append(entry["hint"])
    return listed


def _dump(envelope: Envelope, hint: Values) -> dict[str, Any]:
    return {
        "hint": dict(hint),
        "subject": envelope.subject,
        "stream": envelope.stream,
        "payload": base64.b64encode(envelope.payload).decode(),
        "headers": envelope.headers,
    }


def _load(content: bytes | None) -> list[dict[str, Any]]:
    return [] if content is None else json.loads(content)
