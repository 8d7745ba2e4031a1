"""What every answer must be, whatever was asked."""

from __future__ import annotations

import re
from typing import Any, Final

from google.protobuf import descriptor_pool, json_format
from google.protobuf.descriptor import Descriptor
from google.protobuf.message import DecodeError, Message
from google.rpc import error_details_pb2

from mesh.errors import reason_named
from tests.security.fuzz.addresses import is_page, page_at
from tests.security.fuzz.shots import JSON, Shot
from tests.security.fuzz.wire import GRACE, HTTP_OK, TAKES, Reply
from tests.security.matrix.faces import message_class

TOO_LATE: Final = frozenset({"DEADLINE_EXCEEDED", "LATE"})
DEFECTS: Final = TOO_LATE | {"INTERNAL", "UNKNOWN", "DATA_LOSS", "CANCELLED", "LOST", "HTTP"}
NOTHING_THERE: Final = frozenset({"UNIMPLEMENTED", "INVALID_ARGUMENT"})
"""What is said at an address that nobody has: that nothing is there, or that this is no address or too large."""

NO_PAGES: Final = ("NOT_FOUND", 404)


def broken(shot: Shot, reply: Reply) -> str:
    """Which promise the answer breaks; empty where none."""
    if _is_for_people(shot, reply):
        return ""
    if reply.code in {"OK", "CUT"}:
        return "" if shot.contract is not None or reply.http >= 400 else "answered, where nobody is"
    if reply.code == "DEADLINE_EXCEEDED" and shot.timeout is not None:
        return ""
    if reply.code in DEFECTS or (reply.http >= 500 and reply.http != 503):
        return f"{reply.code} {reply.http or ''} after {reply.seconds:.1f} s: {reply.text}"
    return _late(shot, reply) or _misplaced(shot, reply) or _told(shot, reply)


def _is_for_people(shot: Shot, reply: Reply) -> bool:
    """At the address of a page: the page, or that there is none where no web app was published."""
    if shot.face != JSON or shot.contract is not None or not page_at(shot.verb, shot.path):
        return False
    return (reply.http == HTTP_OK and all(map(is_page, reply.answers))) or (reply.code, reply.http) == NO_PAGES


def _late(shot: Shot, reply: Reply) -> str:
    if reply.code == "UNAVAILABLE" and reply.seconds >= shot.limit:
        return f"given up by the edge after {reply.seconds:.1f} s"
    if reply.seconds > shot.limit + GRACE + TAKES:
        return f"{reply.code} after {reply.seconds:.1f} s"
    return ""


def _misplaced(shot: Shot, reply: Reply) -> str:
    if shot.contract is None and reply.code not in NOTHING_THERE:
        return f"{reply.code}, where nobody is: {reply.text}"
    if shot.contract is not None and reply.code == "UNIMPLEMENTED":
        return f"nobody is at {shot.contract.name}: {reply.text}"
    return ""


def understood(shot: Shot, reply: Reply) -> tuple[list[Message], str]:
    """The answers' messages, and what is wrong where one is no message of the contract's."""
    found: list[Message] = []
    if shot.contract is None:
        return found, ""
    for answer in reply.answers:
        message = message_class(shot.contract.output_type)()
        try:
            if shot.face == JSON:
                json_format.Parse(answer, message)
            else:
                message.ParseFromString(answer)
        except (json_format.ParseError, DecodeError, UnicodeDecodeError) as error:
            return found, f"an answer that is no {shot.contract.output_type}: {error!r} {answer[:300]!r}"
        found.append(message)
    return found, ""


def _told(shot: Shot, reply: Reply) -> str:
    info, bad = error_details_pb2.ErrorInfo(), error_details_pb2.BadRequest()
    for detail in reply.status.details if reply.status is not None else ():
        for kind in (info, bad):
            if detail.TypeName() == kind.DESCRIPTOR.full_name:
                detail.Unpack(kind)
    if info.domain != "vidmesh":
        return f"{reply.code} {reply.http or ''} without a reason: {reply.text}"
    if reason_named(info.reason) is None:
        return f"a reason that no contract knows: {info.reason}"
    if shot.contract is None:
        return ""
    request = descriptor_pool.Default().FindMessageTypeByName(shot.contract.input_type)
    for violation in bad.field_violations:
        if not is_field(request, violation.field):
            return f"BadRequest names {violation.field!r}, which {request.full_name} does not have"
    return ""


def is_field(message: Descriptor, path: str) -> bool:
    """Whether a path such as `parts[3].sha256` leads to a field of this message; the empty one is the whole."""
    here: Any = message
    for name in path.split(".") if path else ():
        field = here.fields_by_name.get(re.sub(r"\[[^\]]*\]$", "", name)) if here is not None else None
        if field is None and (here is None or name not in here.oneofs_by_name):
            return False
        here = field.message_type if field is not None else None
    return True
