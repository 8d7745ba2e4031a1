"""An upload's facts and the rules that follow from them alone.

Each rule refuses with a Fault in the words of the contract.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from google.protobuf.message import Message

from mesh.errors import exhausted, invalid, precondition
from svc_upload.uploads.layout import Layout, Span
from vidmesh.common.v1.error_reason_pb2 import ErrorReason
from vidmesh.upload.v1.upload_pb2 import UploadState

NAMED_MISSING: Final = 10
"""How many missing parts an error names."""


@dataclass(frozen=True, slots=True)
class UploadRecord:
    """One upload as it is stored."""

    upload_id: str
    video_id: str
    channel_id: str
    account_id: str
    size_bytes: int
    filename: str
    layout: Layout
    create_time: datetime
    expire_time: datetime
    request_digest: bytes
    """Of the request that made it: another request with the same request_id is refused."""
    generation: int = 1
    """Raised by every change; the compare-and-set column."""
    state: UploadState.ValueType = UploadState.UPLOAD_STATE_ACTIVE
    received_parts: int = 0
    received_bytes: int = 0
    end_time: datetime | None = None
    """When it was completed, aborted or expired."""
    digest: bytes = b""
    """SHA-256 over the ordered part digests, once completed."""
    source_gone: bool = False
    """Its objects are deleted, or about to be."""


@dataclass(frozen=True, slots=True)
class PartRecord:
    """One confirmed part."""

    number: int
    size: int
    sha256: bytes


@dataclass(frozen=True, slots=True)
class Usage:
    """What an account has open and stored."""

    active_uploads: int = 0
    used_bytes: int = 0


@dataclass(frozen=True, slots=True)
class Limits:
    """What is taken; 0 is no limit for quota and free space."""

    max_file_bytes: int
    account_quota_bytes: int
    max_active_uploads: int
    min_free_bytes: int


def check_size(size: int, limits: Limits) -> None:
    """Raise INVALID_ARGUMENT (FILE_TOO_LARGE)."""
    if size > limits.max_file_bytes:
        raise invalid(
            ErrorReason.ERROR_REASON_FILE_TOO_LARGE,
            f"The file is larger than the {limits.max_file_bytes} bytes that are taken here.",
            limit_bytes=limits.max_file_bytes,
        )


def check_space(size: int, free: int | None, limits: Limits) -> None:
    """Raise RESOURCE_EXHAUSTED (STORAGE_LOW) where the file would leave too little of `free` bytes; None: unknown."""
    _require_left(free, size, limits.min_free_bytes, retry_after=timedelta(minutes=10))


def check_space_for_parts(size: int, free: int | None, limits: Limits) -> None:
    """As `check_space`, for an upload that has begun: it may go on into the reserve, but not use it up."""
    _require_left(free, size, limits.min_free_bytes // 4, retry_after=timedelta(seconds=15))


def _require_left(free: int | None, size: int, reserve: int, *, retry_after: timedelta) -> None:
    if free is not None and reserve and free - size < reserve:
        raise exhausted(
            ErrorReason.ERROR_REASON_STORAGE_LOW,
            "The installation is short of disk space. Try later.",
            retry_after=retry_after,
        )


def admitted(usage: Usage, size: int, limits: Limits) -> Usage:
    """The account's usage with one more upload. Raises RESOURCE_EXHAUSTED (TOO_MANY_UPLOADS, QUOTA_EXCEEDED)."""
    if usage.active_uploads >= limits.max_active_uploads:
        raise exhausted(
            ErrorReason.ERROR_REASON_TOO_MANY_UPLOADS,
            f"{usage.active_uploads} uploads are open. Complete or abort one first.",
            limit=limits.max_active_uploads,
        )
    if limits.account_quota_bytes and usage.used_bytes + size > limits.account_quota_bytes:
        raise exhausted(
            ErrorReason.ERROR_REASON_QUOTA_EXCEEDED,
            "The account's storage is used up. Delete something first.",
            limit_bytes=limits.account_quota_bytes,
            used_bytes=usage.used_bytes,
        )
    return Usage(usage.active_uploads + 1, usage.used_bytes + size)


def request_digest(request: Message) -> bytes:
    """What tells two requests with one request_id apart."""
    return hashlib.sha256(request.SerializeToString(deterministic=True)).digest()


def object_prefix(upload_id: str) -> str:
    """Below which every object of an upload lies in the source bucket."""
    return f"u/{upload_id}/"


def object_key(upload_id: str, number: int, sha256: bytes) -> str:
    """A part's key: it names its content, so a key is only ever written with one content."""
    return f"{object_prefix(upload_id)}{number}-{sha256.hex()}"


def require_active(upload: UploadRecord) -> None:
    """Raise FAILED_PRECONDITION (UPLOAD_NOT_ACTIVE) with metadata `state`."""
    if upload.state != UploadState.UPLOAD_STATE_ACTIVE:
        state = UploadState.Name(upload.state).removeprefix("UPLOAD_STATE_")
        raise precondition(
            ErrorReason.ERROR_REASON_UPLOAD_NOT_ACTIVE, f"The upload is {state.lower()} already.", state=state
        )


def part_span(upload: UploadRecord, number: int, size: int | None = None) -> Span:
    """Where a part lies. Raises PART_MISMATCH for a number or size that the layout does not have."""
    span = upload.layout.span(number)
    if span is None:
        raise part_mismatch(number, f"The upload has parts 1 to {upload.layout.part_count}, and no part {number}.")
    if size is not None and size != span.size:
        raise part_mismatch(number, f"Part {number} has {span.size} bytes, not {size}.")
    return span


def part_mismatch(number: int, sentence: str) -> Exception:
    """INVALID_ARGUMENT (PART_MISMATCH) with metadata `number`."""
    return invalid(ErrorReason.ERROR_REASON_PART_MISMATCH, sentence, number=number)


def with_parts(
    upload: UploadRecord, parts: Iterable[PartRecord], now: datetime, expire_after: timedelta
) -> UploadRecord:
    """The upload once these new parts are confirmed; its expiry moves on."""
    new = tuple(parts)
    return replace(
        upload,
        generation=upload.generation + 1,
        received_parts=upload.received_parts + len(new),
        received_bytes=upload.received_bytes + sum(part.size for part in new),
        expire_time=max(upload.expire_time, now + expire_after),
    )


def whole_digest(digests: Iterable[bytes]) -> bytes:
    """The identity of a file: SHA-256 over its part digests in order."""
    return hashlib.sha256(b"".join(digests)).digest()


def check_whole(upload: UploadRecord, digests: Mapping[int, bytes]) -> bytes:
    """The file's digest from those of its parts. Raises FAILED_PRECONDITION (PARTS_MISSING; metadata `missing`)."""
    wanted = range(1, upload.layout.part_count + 1)
    missing = [number for number in wanted if number not in digests]
    if missing:
        named = ",".join(map(str, missing[:NAMED_MISSING]))
        raise precondition(
            ErrorReason.ERROR_REASON_PARTS_MISSING,
            f"{len(missing)} of {len(wanted)} parts are missing, the first of them: {named}.",
            missing=named,
        )
    return whole_digest(digests[number] for number in wanted)


def check_claimed(digest: bytes, claimed: bytes) -> None:
    """Raise INVALID_ARGUMENT (DIGEST_MISMATCH) where a digest is claimed and is another."""
    if claimed and claimed != digest:
        raise invalid(
            ErrorReason.ERROR_REASON_DIGEST_MISMATCH, "The digest does not match that of the parts that are stored."
        )


def completed(upload: UploadRecord, digest: bytes, now: datetime) -> UploadRecord:
    """The upload once it is whole."""
    return replace(
        upload,
        generation=upload.generation + 1,
        state=UploadState.UPLOAD_STATE_COMPLETED,
        digest=digest,
        end_time=now,
    )


def given_up(upload: UploadRecord, state: UploadState.ValueType, now: datetime) -> UploadRecord:
    """The upload once it is aborted or expired."""
    return replace(upload, generation=upload.generation + 1, state=state, end_time=now, source_gone=True)


def without_source(upload: UploadRecord) -> UploadRecord:
    """A completed upload whose objects are to go."""
    return replace(upload, generation=upload.generation + 1, source_gone=True)


def urls_dead(upload: UploadRecord, urls_work: timedelta) -> datetime:
    """From when on no URL that was signed for an upload that has ended can still write an object.

    `urls_work`: how long one works at most, by whichever clock.
    """
    return (upload.end_time or upload.expire_time) + urls_work
