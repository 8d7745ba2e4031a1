"""Requests of UploadService that are wrong, and what each has to be answered with: one row, one request."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from google.protobuf.message import Message

from tests.e2e.people import Person
from tests.security.uploads.state import SMALL, State, digest
from vidmesh.upload.v1 import upload_service_pb2 as pb
from vidmesh.upload.v1.video_pb2 import Video

Who = Callable[[State], Person | None]

NOWHERE: Final = "00000000-0000-4000-8000-000000000000"
OTHER: Final = digest(b"something else")


def owner(state: State) -> Person | None:
    return state.owner


def stranger(state: State) -> Person | None:
    return state.stranger


def nobody(_: State) -> Person | None:
    return None


@dataclass(frozen=True, slots=True)
class Wrong:
    """A request, and its answer."""

    name: str
    method: str
    """Of UploadService."""
    build: Callable[[State], Message]
    code: str
    reason: str
    who: Who = owner
    metadata: frozenset[str] = frozenset()
    """Names that the reason has to come with."""


def to_sign(upload_id: str, *parts: tuple[int, int, bytes]) -> Message:
    named = [pb.PartToSign(number=number, size_bytes=size, sha256=sha256) for number, size, sha256 in parts]
    return pb.SignPartsRequest(upload_id=upload_id, parts=named)


def to_confirm(upload_id: str, *parts: tuple[int, bytes]) -> Message:
    named = [pb.PartReceipt(number=number, sha256=sha256) for number, sha256 in parts]
    return pb.ConfirmPartsRequest(upload_id=upload_id, parts=named)


def to_complete(upload_id: str, claimed: bytes = b"") -> Message:
    return pb.CompleteUploadRequest(upload_id=upload_id, digest=claimed)


def to_create(state: State, *, size: int = 1000, filename: str = "a.mp4", channel: str = "") -> Message:
    return pb.CreateUploadRequest(
        request_id=str(uuid.uuid4()),
        channel_id=channel or state.owner.channel_id,
        size_bytes=size,
        filename=filename,
        video=Video(title="Wrong"),
    )


def sign(state: State, number: int, size: int | None = None, sha256: bytes = OTHER) -> Message:
    return to_sign(state.active, (number, state.sizes[1] if size is None else size, sha256))


def confirm(state: State, number: int, sha256: bytes = OTHER) -> Message:
    return to_confirm(state.active, (number, sha256))


def _of_others(who: Who, code: str, reason: str) -> tuple[Wrong, ...]:
    """Everything that can be asked of an upload, by somebody who has no part in it."""
    asked: dict[str, Callable[[State], Message]] = {
        "GetUpload": lambda state: pb.GetUploadRequest(upload_id=state.active),
        "ListParts": lambda state: pb.ListPartsRequest(upload_id=state.active),
        "SignParts": lambda state: sign(state, 2),
        "ConfirmParts": lambda state: confirm(state, 1, digest(state.first)),
        "CompleteUpload": lambda state: to_complete(state.whole),
        "AbortUpload": lambda state: pb.AbortUploadRequest(upload_id=state.active),
    }
    return tuple(
        Wrong(f"{method} by {who.__name__}", method, build, code, reason, who) for method, build in asked.items()
    )


def _ended(name: str, of: Callable[[State], str]) -> tuple[Wrong, ...]:
    """Everything that only an upload under way takes."""
    asked: dict[str, Callable[[State], Message]] = {
        "SignParts": lambda state: to_sign(of(state), (1, len(SMALL), digest(SMALL))),
        "ConfirmParts": lambda state: to_confirm(of(state), (1, digest(SMALL))),
    }
    if name == "completed":
        asked["AbortUpload"] = lambda state: pb.AbortUploadRequest(upload_id=of(state))
    else:
        asked["CompleteUpload"] = lambda state: to_complete(of(state))
    return tuple(
        Wrong(
            f"{method} of one that is {name}",
            method,
            build,
            "FAILED_PRECONDITION",
            "UPLOAD_NOT_ACTIVE",
            metadata=frozenset({"state"}),
        )
        for method, build in asked.items()
    )


def _part(name: str, method: str, build: Callable[[State], Message]) -> Wrong:
    return Wrong(name, method, build, "INVALID_ARGUMENT", "PART_MISMATCH", metadata=frozenset({"number"}))


def _field(name: str, method: str, build: Callable[[State], Message]) -> Wrong:
    return Wrong(name, method, build, "INVALID_ARGUMENT", "INVALID_FIELD")


REQUESTS: Final = (
    _part("signing a part of another size", "SignParts", lambda state: sign(state, 2, state.sizes[1] + 1)),
    _part("signing a part beyond the last", "SignParts", lambda state: sign(state, len(state.sizes) + 1)),
    _part("signing a part of the largest number", "SignParts", lambda state: sign(state, 2**31 - 1)),
    _field("signing part 0", "SignParts", lambda state: sign(state, 0)),
    _field("signing a part of nothing", "SignParts", lambda state: sign(state, 2, 0)),
    _field("signing with half a digest", "SignParts", lambda state: sign(state, 2, sha256=OTHER[:16])),
    _field("signing no part", "SignParts", lambda state: to_sign(state.active)),
    _field(
        "signing 101 parts at once",
        "SignParts",
        lambda state: to_sign(state.active, *[(2, state.sizes[1], OTHER)] * 101),
    ),
    _part("confirming before the put", "ConfirmParts", lambda state: confirm(state, 2)),
    _part("confirming a part beyond the last", "ConfirmParts", lambda state: confirm(state, len(state.sizes) + 1)),
    _part("confirming other content than was confirmed", "ConfirmParts", lambda state: confirm(state, 1)),
    _part(
        "confirming one part as two things at once",
        "ConfirmParts",
        lambda state: to_confirm(state.active, (1, digest(state.first)), (1, OTHER)),
    ),
    _field("confirming part -1", "ConfirmParts", lambda state: confirm(state, -1)),
    Wrong(
        "completing with parts missing",
        "CompleteUpload",
        lambda state: to_complete(state.active),
        "FAILED_PRECONDITION",
        "PARTS_MISSING",
        metadata=frozenset({"missing"}),
    ),
    Wrong(
        "completing with the digest of something else",
        "CompleteUpload",
        lambda state: to_complete(state.whole, OTHER),
        "INVALID_ARGUMENT",
        "DIGEST_MISMATCH",
    ),
    _field("completing with half a digest", "CompleteUpload", lambda state: to_complete(state.whole, OTHER[:5])),
    _field("an id that is none", "GetUpload", lambda _: pb.GetUploadRequest(upload_id="none")),
    Wrong(
        "an id of nothing",
        "GetUpload",
        lambda _: pb.GetUploadRequest(upload_id=NOWHERE),
        "NOT_FOUND",
        "UPLOAD_NOT_FOUND",
    ),
    Wrong(
        "a page token that is none",
        "ListParts",
        lambda state: pb.ListPartsRequest(upload_id=state.active, page_token="AAAA"),
        "INVALID_ARGUMENT",
        "INVALID_PAGE_TOKEN",
    ),
    _field("a file of nothing", "CreateUpload", lambda state: to_create(state, size=0)),
    _field("a file of less than nothing", "CreateUpload", lambda state: to_create(state, size=-1)),
    _field("a name of 256 letters", "CreateUpload", lambda state: to_create(state, filename="a" * 256)),
    Wrong(
        "a file of 8 EiB",
        "CreateUpload",
        lambda state: to_create(state, size=2**63 - 1),
        "INVALID_ARGUMENT",
        "FILE_TOO_LARGE",
        metadata=frozenset({"limit_bytes"}),
    ),
    Wrong(
        "an upload to somebody else's channel",
        "CreateUpload",
        to_create,
        "PERMISSION_DENIED",
        "PERMISSION_DENIED",
        stranger,
    ),
    Wrong(
        "an upload to no channel",
        "CreateUpload",
        lambda state: to_create(state, channel=NOWHERE),
        "NOT_FOUND",
        "CHANNEL_NOT_FOUND",
    ),
    *_ended("completed", lambda state: state.completed),
    *_ended("aborted", lambda state: state.aborted),
    *_of_others(stranger, "NOT_FOUND", "UPLOAD_NOT_FOUND"),
    *_of_others(nobody, "UNAUTHENTICATED", "SIGN_IN_REQUIRED"),
)
