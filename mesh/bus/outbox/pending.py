"""The `pending_events` column: messages that are packed, with their ids, but not published yet."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass
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


@dataclass(frozen=True, slots=True)
class Waiting:
    """One event that waits."""

    id: str
    """Its event id; a wake has one here too, though it travels without."""
    hint: Values
    """The key of the hint that leads to it."""
    envelope: Envelope


def packed(events: Sequence[Message], origin: str, hint: Values) -> list[Waiting]:
    """Events ready to travel, with ids made of `origin` and their number. Raises InvalidMessage."""
    waiting: list[Waiting] = []
    for number, event in enumerate(events):
        event_id = f"{origin}:{number}"
        is_wake = route_of(event).delivery == Delivery.DELIVERY_WAKE
        waiting.append(Waiting(event_id, hint, pack(event, None if is_wake else event_id)))
    return waiting


def written(waiting: Sequence[Waiting]) -> bytes | None:
    """The column's value; None where nothing waits."""
    if not waiting:
        return None
    return json.dumps([_dump(one) for one in waiting], separators=(",", ":")).encode()


def read(content: object) -> list[Waiting]:
    """What waits by the column's value, oldest first."""
    if not isinstance(content, bytes):
        return []
    return [
        Waiting(
            entry["id"],
            entry["hint"],
            Envelope(entry["subject"], entry["stream"], base64.b64decode(entry["payload"]), entry["headers"]),
        )
        for entry in json.loads(content)
    ]


def appended(known: bytes | None, new: Sequence[Waiting]) -> bytes | None:
    """The column's next value. Raises Overloaded where too much waits already: the bus has been away for long."""
    content = written([*read(known), *new])
    if known is not None and content is not None and len(content) > MAX_PENDING_BYTES:
        raise Overloaded("too many events of one row wait for the bus", timedelta(seconds=5))
    return content


def _dump(one: Waiting) -> dict[str, Any]:
    return {
        "id": one.id,
        "hint": dict(one.hint),
        "subject": one.envelope.subject,
        "stream": one.envelope.stream,
        "payload": base64.b64encode(one.envelope.payload).decode(),
        "headers": one.envelope.headers,
    }
