"""What a failed attempt means, for the creator and for the log. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from mesh.errors import Fault
from mesh.objects.errors import ObjectDamaged, ObjectMissing
from svc_transcode.media.errors import ChildExhausted, MediaRejected, RejectReason, Spent
from svc_transcode.worker.orders import READERS
from vidmesh.common.v1.error_reason_pb2 import ErrorReason
from vidmesh.transcode.v1.transcode_pb2 import FailureReason, JobKind
from vidmesh.transcode.v1.transcode_service_pb2 import JobFailure

if TYPE_CHECKING:
    from collections.abc import Mapping

MOST_DETAIL: Final = 2000

GENERIC: Final = "Something went wrong while the video was being processed."
NOT_READ_BACK: Final = "What was stored could not be read back as it was made."
SOURCE_GONE: Final = "The uploaded file is no longer kept. Upload it again."

_REASONS: Final[Mapping[RejectReason, FailureReason.ValueType]] = {
    RejectReason.NOT_A_VIDEO: FailureReason.FAILURE_REASON_NOT_A_VIDEO,
    RejectReason.NO_VIDEO_STREAM: FailureReason.FAILURE_REASON_NOT_A_VIDEO,
    RejectReason.EMPTY: FailureReason.FAILURE_REASON_NOT_A_VIDEO,
    RejectReason.UNSUPPORTED_FORMAT: FailureReason.FAILURE_REASON_UNSUPPORTED,
    RejectReason.UNSUPPORTED_CODEC: FailureReason.FAILURE_REASON_UNSUPPORTED,
    RejectReason.TOO_LARGE_PICTURE: FailureReason.FAILURE_REASON_TOO_LARGE,
    RejectReason.TOO_LONG: FailureReason.FAILURE_REASON_TOO_LARGE,
    RejectReason.DAMAGED: FailureReason.FAILURE_REASON_DAMAGED,
}
SPENT: Final[Mapping[Spent, str]] = {
    Spent.MEMORY: "The file takes more memory to process than this site gives to one file.",
    Spent.WORK: "The file takes more work to process than this site gives to one file.",
}
_GONE: Final = frozenset({ErrorReason.ERROR_REASON_SOURCE_GONE, ErrorReason.ERROR_REASON_VIDEO_NOT_FOUND})


def failure_of(error: Exception, kind: JobKind.ValueType) -> JobFailure:
    """What to tell of an attempt that ended with `error`.

    Only what is sure to happen again is permanent: a source that is refused or gone, one that takes more memory or
    work than it is given, an object that was read back otherwise than it was recorded.
    """
    detail = f"{type(error).__name__}: {error}"[:MOST_DETAIL]
    if kind in READERS and isinstance(error, MediaRejected | ObjectMissing | ObjectDamaged):
        return _processing(permanent=True, message=NOT_READ_BACK, detail=detail)
    if isinstance(error, MediaRejected):
        return JobFailure(permanent=True, reason=_REASONS[error.reason], message=error.sentence, detail=detail)
    if isinstance(error, ChildExhausted) and kind != JobKind.JOB_KIND_VERIFY:
        reason = FailureReason.FAILURE_REASON_TOO_DEMANDING
        return JobFailure(permanent=True, reason=reason, message=SPENT[error.spent], detail=detail)
    if isinstance(error, Fault) and error.reason in _GONE:
        return _processing(permanent=True, message=SOURCE_GONE, detail=detail)
    return _processing(permanent=False, message=GENERIC, detail=detail)


def _processing(*, permanent: bool, message: str, detail: str) -> JobFailure:
    return JobFailure(
        permanent=permanent, reason=FailureReason.FAILURE_REASON_PROCESSING, message=message, detail=detail
    )
