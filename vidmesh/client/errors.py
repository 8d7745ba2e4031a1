"""What a call can fail with, told apart by the contract's reasons (`vidmesh.common.v1.ErrorReason`)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import grpc
import grpc.aio
from google.protobuf.message import DecodeError
from google.rpc.error_details_pb2 import BadRequest, ErrorInfo, RetryInfo
from google.rpc.status_pb2 import Status

DOMAIN: Final = "vidmesh"
_DETAILS: Final = "grpc-status-details-bin"


@dataclass(frozen=True, slots=True)
class Violation:
    """One field of a request that breaks a rule of the contract."""

    field: str
    """Path in proto names, e.g. `video.title`."""
    sentence: str


class ClientError(Exception):
    """Something that the client itself found wrong; the text is one sentence for a person."""


class VidmeshError(Exception):
    """A call was refused or could not be made. `str()` is a sentence for a person."""

    def __init__(
        self,
        code: grpc.StatusCode,
        reason: str,
        message: str,
        *,
        metadata: Mapping[str, str] | None = None,
        violations: tuple[Violation, ...] = (),
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message)
        self.code: Final = code
        """The canonical code."""
        self.reason: Final = reason
        """Name of the ErrorReason without its prefix, e.g. "VIDEO_NOT_FOUND"; empty where the answer had none,
        as when nobody answered at all."""
        self.message: Final = message
        self.metadata: Final[Mapping[str, str]] = dict(metadata or {})
        """What the reason's comment in the contract names, e.g. `limit_bytes`."""
        self.violations: Final = violations
        self.retry_after: Final = retry_after
        """Seconds after which repeating the call may help; None where the answer does not say."""


def error_of(error: grpc.aio.AioRpcError, method: str) -> VidmeshError:
    """The typed form of a failed call."""
    told = error.details() or ""
    trailers = error.trailing_metadata()
    packed = trailers.get(_DETAILS) if trailers is not None else None
    info, bad_request, retry = ErrorInfo(), BadRequest(), RetryInfo()
    if isinstance(packed, bytes):
        try:
            for detail in Status.FromString(packed).details:
                for kind in (info, bad_request, retry):
                    if detail.TypeName() == kind.DESCRIPTOR.full_name:
                        detail.Unpack(kind)
        except DecodeError:
            info.Clear()
    ours = info.domain == DOMAIN
    return VidmeshError(
        error.code(),
        info.reason if ours else "",
        told if ours and told else _plain(error.code(), told, method),
        metadata=dict(info.metadata) if ours else {},
        violations=tuple(Violation(v.field, v.description) for v in bad_request.field_violations),
        retry_after=retry.retry_delay.ToTimedelta().total_seconds() if retry.HasField("retry_delay") else None,
    )


def _plain(code: grpc.StatusCode, told: str, method: str) -> str:
    name = method.rpartition("/")[2]
    if code == grpc.StatusCode.UNAVAILABLE:
        return f"Nothing answers there ({name}: {told or 'no connection'})."
    if code == grpc.StatusCode.DEADLINE_EXCEEDED:
        return f"{name} took too long to answer."
    return f"{name} failed: {told or code.name}"
