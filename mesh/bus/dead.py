"""Dead letters: messages that were given up, kept in a stream of their own for a person or a service to look at."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from google.protobuf.message import Message
from nats.aio.msg import Msg

from mesh.bus.envelope import ID_HEADER, TYPE_HEADER, Envelope
from mesh.bus.model import DeadLetter, M
from mesh.bus.publishing import Publisher
from mesh.bus.streams import DEAD_STREAM
from mesh.bus.tracing import TRACEPARENT

REASON_HEADER: Final = "vidmesh-dead-reason"
ATTEMPTS_HEADER: Final = "vidmesh-dead-attempts"
EVENT_HEADER: Final = "vidmesh-dead-id"
_REASON_CHARACTERS: Final = 500


def dead_subject(stream: str, durable: str) -> str:
    """Where the dead letters of one consumer are."""
    return f"dead.{stream}.{durable}"


async def bury(publisher: Publisher, message: Msg, durable: str, attempts: int, reason: str) -> None:
    """Keep a message as a dead letter. Burying it twice keeps one. Raises BusUnavailable."""
    about, headers = message.metadata, message.headers or {}
    letter = _letter(
        (about.stream, durable),
        message.data,
        headers.get(TYPE_HEADER, ""),
        (str(about.sequence.stream), headers.get(ID_HEADER, "")),
        (attempts, reason),
    )
    trace = {TRACEPARENT: headers[TRACEPARENT]} if TRACEPARENT in headers else {}
    await publisher.send(replace(letter, headers={**letter.headers, **trace}))


def written(message: Message, stream: str, durable: str, event_id: str, attempts: int, reason: str) -> Envelope:
    """A dead letter of a message whose owner gave it up, wherever the message itself is. Sent twice it is kept once."""
    return _letter(
        (stream, durable),
        message.SerializeToString(),
        message.DESCRIPTOR.full_name,
        (event_id, event_id),
        (attempts, reason),
    )


def letter_of(message: M, headers: Mapping[str, str]) -> DeadLetter[M]:
    """A dead letter as it was written down."""
    return DeadLetter(
        message=message,
        event_id=headers.get(EVENT_HEADER, ""),
        attempts=int(headers.get(ATTEMPTS_HEADER, "0")),
        reason=headers.get(REASON_HEADER, ""),
    )


def _line(reason: str) -> str:
    return " ".join(reason.split()).encode("ascii", "backslashreplace").decode()[:_REASON_CHARACTERS]


def _letter(
    consumer: tuple[str, str], payload: bytes, kind: str, ids: tuple[str, str], end: tuple[int, str]
) -> Envelope:
    """`ids`: what tells the message from others of its stream, and the event's own; `end`: attempts and reason."""
    (stream, durable), (number, event_id), (attempts, reason) = consumer, ids, end
    return Envelope(
        subject=dead_subject(stream, durable),
        stream=DEAD_STREAM,
        payload=payload,
        headers={
            ID_HEADER: f"{stream}:{number}:{durable}",
            TYPE_HEADER: kind,
            EVENT_HEADER: event_id,
            ATTEMPTS_HEADER: str(attempts),
            REASON_HEADER: _line(reason),
        },
    )
