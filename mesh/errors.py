"""How a call fails on purpose: a `Fault` says why, in the words of the contract's error reasons.

A handler raises one; the server turns it into `google.rpc.Status` with `ErrorInfo`, and `BadRequest` and `RetryInfo`
where they help (AIP-193, `mesh.statuses`). Any other exception is a defect: the caller sees INTERNAL and an incident
id, the log the traceback.

    raise not_found(ErrorReason.ERROR_REASON_VIDEO_NOT_FOUND, "There is no such video.", video_id=video_id)
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from grpc import StatusCode

from vidmesh.common.v1.error_reason_pb2 import ErrorReason

DEFAULT_RETRY: Final = timedelta(seconds=1)
"""How long to wait where nothing better is known."""


@dataclass(frozen=True, slots=True)
class Violation:
    """One field of a request that breaks a rule."""

    field: str
    """Path in proto names with dots, e.g. `channel.name` or `events[3].seq`."""
    sentence: str
    """What is wrong, for a person."""


SENTENCE_BYTES: Final = 600
VALUE_BYTES: Final = 200
"""A fault travels as trailers, its sentence twice and escaped, and many clients take no more than 8 KiB of them: from
longer ones they hear nothing at all."""


class Fault(Exception):  # noqa: N818 (not every one is an error; `raise not_found(…)` reads as it should)
    """A call cannot be answered, for a reason that the contract knows.

    `sentence` is shown to the caller, so it holds no secret and no text of other people. What quotes the caller's own
    words is cut, in the sentence and in `metadata`, where they are long.
    """

    def __init__(
        self,
        code: StatusCode,
        reason: ErrorReason.ValueType,
        sentence: str,
        *,
        metadata: Mapping[str, str | int] | None = None,
        violations: Iterable[Violation] = (),
        retry_after: timedelta | None = None,
    ) -> None:
        self.sentence: Final = _cut(sentence, SENTENCE_BYTES)
        super().__init__(self.sentence)
        self.code: Final = code
        self.reason: Final = reason
        self.metadata: Final[Mapping[str, str]] = {
            key: _cut(str(value), VALUE_BYTES) for key, value in (metadata or {}).items()
        }
        self.violations: Final = tuple(violations)
        self.retry_after: Final = retry_after

    @property
    def reason_name(self) -> str:
        """The reason as it is on the wire, e.g. "VIDEO_NOT_FOUND"."""
        return reason_name(self.reason)


def reason_name(reason: ErrorReason.ValueType) -> str:
    """The reason as it is on the wire: the enum value's name without its prefix."""
    return ErrorReason.Name(reason).removeprefix("ERROR_REASON_")


def reason_named(name: str) -> ErrorReason.ValueType | None:
    """The reason with this name on the wire; None for one that this version does not know."""
    try:
        return ErrorReason.Value(f"ERROR_REASON_{name}")
    except ValueError:
        return None


def not_found(reason: ErrorReason.ValueType, sentence: str, /, **metadata: str | int) -> Fault:
    """NOT_FOUND: there is no such thing, or none that the caller may know of."""
    return Fault(StatusCode.NOT_FOUND, reason, sentence, metadata=metadata)


def invalid(reason: ErrorReason.ValueType, sentence: str, /, **metadata: str | int) -> Fault:
    """INVALID_ARGUMENT: the request can never succeed as it is."""
    return Fault(StatusCode.INVALID_ARGUMENT, reason, sentence, metadata=metadata)


def invalid_fields(violations: Iterable[Violation]) -> Fault:
    """INVALID_ARGUMENT, INVALID_FIELD: the listed fields break rules; at least one is given.

    A field without a name is the request itself.
    """
    listed = tuple(violations)
    told = (f"{one.field}: {one.sentence}" if one.field else one.sentence for one in listed[:3])
    sentence = " ".join(told)
    if len(listed) > 3:
        sentence += f" And {len(listed) - 3} more."
    return Fault(StatusCode.INVALID_ARGUMENT, ErrorReason.ERROR_REASON_INVALID_FIELD, sentence, violations=listed)


def invalid_field(field: str, sentence: str) -> Fault:
    """INVALID_ARGUMENT, INVALID_FIELD: this one field breaks a rule."""
    return invalid_fields((Violation(field, sentence),))


def permission_denied(
    sentence: str,
    /,
    reason: ErrorReason.ValueType = ErrorReason.ERROR_REASON_PERMISSION_DENIED,
    **metadata: str | int,
) -> Fault:
    """PERMISSION_DENIED: who calls is known and may not. Metadata `relation` or `access` names what is missing."""
    return Fault(StatusCode.PERMISSION_DENIED, reason, sentence, metadata=metadata)


def unauthenticated(reason: ErrorReason.ValueType, sentence: str, /, **metadata: str | int) -> Fault:
    """UNAUTHENTICATED: who calls is not known, or what it proves itself with is not good."""
    return Fault(StatusCode.UNAUTHENTICATED, reason, sentence, metadata=metadata)


def sign_in_required() -> Fault:
    """UNAUTHENTICATED, SIGN_IN_REQUIRED: this needs an account."""
    return unauthenticated(ErrorReason.ERROR_REASON_SIGN_IN_REQUIRED, "Sign in first.")


def precondition(reason: ErrorReason.ValueType, sentence: str, /, **metadata: str | int) -> Fault:
    """FAILED_PRECONDITION: the thing is not in a state that allows this."""
    return Fault(StatusCode.FAILED_PRECONDITION, reason, sentence, metadata=metadata)


def already_exists(reason: ErrorReason.ValueType, sentence: str, /, **metadata: str | int) -> Fault:
    """ALREADY_EXISTS: what should be made is there, and is not the caller's repeated request."""
    return Fault(StatusCode.ALREADY_EXISTS, reason, sentence, metadata=metadata)


def exhausted(
    reason: ErrorReason.ValueType, sentence: str, /, *, retry_after: timedelta | None = None, **metadata: str | int
) -> Fault:
    """RESOURCE_EXHAUSTED: a limit is reached; with `retry_after` where waiting alone helps."""
    return Fault(StatusCode.RESOURCE_EXHAUSTED, reason, sentence, metadata=metadata, retry_after=retry_after)


def aborted(
    reason: ErrorReason.ValueType, sentence: str, /, *, retry_after: timedelta | None = None, **metadata: str | int
) -> Fault:
    """ABORTED: somebody else changed the thing meanwhile; read it again and repeat."""
    return Fault(StatusCode.ABORTED, reason, sentence, metadata=metadata, retry_after=retry_after)


def contention() -> Fault:
    """ABORTED, CONTENTION: a compare-and-set lost too many times in a row."""
    return aborted(
        ErrorReason.ERROR_REASON_CONTENTION,
        "Others changed the same thing at the same moment. Try again.",
        retry_after=timedelta(milliseconds=200),
    )


def unavailable(
    sentence: str = "A part of the installation does not answer. Try again shortly.",
    *,
    retry_after: timedelta = DEFAULT_RETRY,
) -> Fault:
    """UNAVAILABLE: a part of the installation does not answer; waiting helps."""
    return Fault(StatusCode.UNAVAILABLE, ErrorReason.ERROR_REASON_UNAVAILABLE, sentence, retry_after=retry_after)


def _cut(text: str, most: int) -> str:
    raw = text.encode(errors="replace")
    return text if len(raw) <= most else raw[: most - 3].decode(errors="ignore") + "…"
