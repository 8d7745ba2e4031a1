"""From whatever a handler raised to what the caller is told, and what the log keeps."""

from __future__ import annotations

import secrets
from datetime import timedelta
from typing import TYPE_CHECKING, Final

import grpc

from mesh.bus.errors import BusError
from mesh.errors import DEFAULT_RETRY, Fault, exhausted, invalid, unavailable
from mesh.objects.errors import ObjectError
from mesh.statuses import fault_in
from mesh.tables.errors import Closed as TablesClosed
from mesh.tables.errors import InvalidCursor, Overloaded, TableError
from vidmesh.common.v1.error_reason_pb2 import ErrorReason

if TYPE_CHECKING:
    from structlog.typing import FilteringBoundLogger

WAITING_HELPS: Final = frozenset(
    {grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED, grpc.StatusCode.CANCELLED}
)
"""A neighbour's answers that mean: not now."""

PASSED_ON: Final = frozenset(
    {
        grpc.StatusCode.NOT_FOUND,
        grpc.StatusCode.ALREADY_EXISTS,
        grpc.StatusCode.PERMISSION_DENIED,
        grpc.StatusCode.FAILED_PRECONDITION,
        grpc.StatusCode.RESOURCE_EXHAUSTED,
        grpc.StatusCode.ABORTED,
        grpc.StatusCode.UNAUTHENTICATED,
    }
)
"""A neighbour's answers that the caller gets as they are, where the handler lets them through. INVALID_ARGUMENT is
not among them: the request that was wrong is ours, not the caller's."""


def expected(error: BaseException) -> Fault | None:  # noqa: PLR0911 (one return a kind)
    """The fault that the caller is told; None where the error is a defect."""
    match error:
        case Fault():
            return error
        case Overloaded():
            return exhausted(
                ErrorReason.ERROR_REASON_OVERLOADED,
                "The service has too much to do. Try again shortly.",
                retry_after=error.retry_after,
            )
        case InvalidCursor():
            return invalid(
                ErrorReason.ERROR_REASON_INVALID_PAGE_TOKEN,
                "The page token is too old. Start again from the first page.",
            )
        case TablesClosed():
            return going_away()
        case TableError() | BusError() | ObjectError() if error.retryable:
            return unavailable(retry_after=DEFAULT_RETRY)
        case grpc.aio.AioRpcError():
            return _from_neighbour(error)
        case _:
            return None


def going_away() -> Fault:
    """UNAVAILABLE: this process ends; another answers, and a stream is resumed by its cursor."""
    return unavailable("This server is being stopped. Try again.", retry_after=timedelta(milliseconds=200))


def too_late() -> Fault:
    """DEADLINE_EXCEEDED: the call took longer than the caller or the contract allows."""
    return Fault(
        grpc.StatusCode.DEADLINE_EXCEEDED,
        ErrorReason.ERROR_REASON_DEADLINE_EXCEEDED,
        "The call took longer than it may.",
        retry_after=DEFAULT_RETRY,
    )


def no_such_method(method: str) -> Fault:
    """UNIMPLEMENTED: the method does not exist here, or its contract states no policy."""
    return Fault(
        grpc.StatusCode.UNIMPLEMENTED,
        ErrorReason.ERROR_REASON_NO_SUCH_METHOD,
        "There is no such method here.",
        metadata={"method": method},
    )


def defect() -> Fault:
    """INTERNAL with a new incident id, and nothing else: what went wrong is in the log under that id."""
    return Fault(
        grpc.StatusCode.INTERNAL,
        ErrorReason.ERROR_REASON_INTERNAL,
        "Something went wrong on our side.",
        metadata={"incident": secrets.token_hex(8)},
    )


def log_failure(
    log: FilteringBoundLogger, method: str, fault: Fault, error: BaseException, milliseconds: float
) -> None:
    """One line for a failed call; with the traceback where it is a defect of ours."""
    facts = {"method": method, "code": fault.code.name, "reason": fault.reason_name, "ms": round(milliseconds, 1)}
    if fault.code is grpc.StatusCode.INTERNAL:
        log.error("call failed", **facts, incident=fault.metadata.get("incident"), exc_info=error)
    elif fault.code in {grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED}:
        log.warning("call failed", **facts, cause=type(error.__cause__ or error).__name__)
    else:
        log.info("call failed", **facts)


def _from_neighbour(error: grpc.aio.AioRpcError) -> Fault | None:
    if error.code() in WAITING_HELPS:
        return unavailable()
    fault = fault_in(error)
    if fault is None or fault.code not in PASSED_ON:
        return None
    # A service token refused is between the services, nothing that the caller can mend. Clocks that are apart come
    # together again; a secret that differs is a defect.
    if fault.metadata.get("access") == "service":
        return unavailable() if "clock" in fault.metadata else None
    return fault
