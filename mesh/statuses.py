"""Faults on the wire: `google.rpc.Status` with ErrorInfo, BadRequest and RetryInfo (AIP-193), and back again."""

from __future__ import annotations

from typing import Final

import grpc
from google.protobuf.message import DecodeError
from google.rpc.error_details_pb2 import BadRequest, ErrorInfo, RetryInfo
from google.rpc.status_pb2 import Status

from mesh.errors import Fault, Violation, reason_name, reason_named
from vidmesh.common.v1.error_reason_pb2 import ErrorReason

DOMAIN: Final = "vidmesh"
DETAILS_KEY: Final = "grpc-status-details-bin"
MOST_VIOLATIONS: Final = 20
"""Of one answer; the sentence says how many there are."""
VIOLATION_BYTES: Final = 2_500
"""All violations of an answer together: statuses travel as trailers, where base64 makes them longer by a third, and
many clients take no more than 8 KiB of them."""

_CODES: Final = {code.value[0]: code for code in grpc.StatusCode}


def status_of(fault: Fault) -> Status:
    """The status that a caller gets for this fault."""
    status = Status(code=fault.code.value[0], message=fault.sentence)
    status.details.add().Pack(ErrorInfo(reason=reason_name(fault.reason), domain=DOMAIN, metadata=fault.metadata))
    if fault.violations:
        bad_request = BadRequest()
        for violation in fault.violations[:MOST_VIOLATIONS]:
            bad_request.field_violations.add(field=violation.field, description=violation.sentence)
            if bad_request.ByteSize() > VIOLATION_BYTES:
                del bad_request.field_violations[-1]
                break
        status.details.add().Pack(bad_request)
    if fault.retry_after is not None:
        retry = RetryInfo()
        retry.retry_delay.FromTimedelta(fault.retry_after)
        status.details.add().Pack(retry)
    return status


def trailers_of(fault: Fault) -> tuple[tuple[str, bytes], ...]:
    """The trailing metadata that carries the fault's status."""
    return ((DETAILS_KEY, status_of(fault).SerializeToString()),)


def fault_in(error: grpc.aio.AioRpcError) -> Fault | None:
    """The fault that a service of this installation answered with; None for any other failure of a call."""
    trailers = error.trailing_metadata()
    packed = trailers.get(DETAILS_KEY) if trailers is not None else None
    if not isinstance(packed, bytes):
        return None
    try:
        return fault_from(Status.FromString(packed))
    except DecodeError:
        return None


def fault_from(status: Status) -> Fault | None:
    """The fault that `status_of` made this of; None where no ErrorInfo of ours is in it, or a reason too new for us."""
    info, violations, retry = ErrorInfo(), BadRequest(), RetryInfo()
    for detail in status.details:
        for kind in (info, violations, retry):
            if detail.TypeName() == kind.DESCRIPTOR.full_name:
                detail.Unpack(kind)
    reason = reason_named(info.reason) if info.domain == DOMAIN else None
    if reason is None:
        return None
    return Fault(
        _CODES.get(status.code, grpc.StatusCode.UNKNOWN),
        reason,
        status.message,
        metadata=info.metadata,
        violations=[Violation(one.field, one.description) for one in violations.field_violations],
        retry_after=retry.retry_delay.ToTimedelta() if retry.HasField("retry_delay") else None,
    )


def reason_in(error: grpc.aio.AioRpcError) -> ErrorReason.ValueType | None:
    """Why another service refused a call: `if reason_in(error) == ErrorReason.ERROR_REASON_VIDEO_NOT_FOUND`."""
    fault = fault_in(error)
    return None if fault is None else fault.reason
