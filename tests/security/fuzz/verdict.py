"""What every answer must be, whatever was asked."""

from __future__ import annotations

import re
from typing import Any, Final

from google.protobuf import descriptor_pool
from google.protobuf.descriptor import Descriptor
from google.rpc import error_details_pb2

from mesh.errors import reason_named
from tests.security.fuzz.shots import Shot
from tests.security.fuzz.wire import GRACE, Reply

DEFECTS: Final = frozenset({"INTERNAL", "UNKNOWN", "DATA_LOSS", "CANCELLED", "LATE", "LOST", "HTTP"})
TAKES: Final = 3.0
"""Seconds beyond limit and grace for this program itself, which shares the cores with what it drives."""
WITH_REASON: Final = frozenset({503, 504})


def broken(shot: Shot, reply: Reply) -> str:
    """Which promise the answer breaks; empty where none."""
    if reply.code in {"OK", "CUT"}:
        return ""
    too_late = reply.code == "DEADLINE_EXCEEDED"
    if too_late and shot.timeout is not None:
        return ""
    if reply.code in DEFECTS or too_late:
        return f"{reply.code} {reply.http or ''} {reply.text}"
    if reply.seconds > shot.limit + GRACE + TAKES:
        return f"{reply.code} after {reply.seconds:.1f} s"
    if reply.http >= 500 and reply.http not in WITH_REASON:
        return f"HTTP {reply.http}"
    return _told(shot, reply)


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
