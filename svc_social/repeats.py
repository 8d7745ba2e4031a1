"""Requests that may be repeated (AIP-155): the id of what a request makes follows from its request_id."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

from mesh.errors import Fault, already_exists, contention
from mesh.ids import derived_uuid
from svc_social.claims.domain import Buried
from vidmesh.common.v1.error_reason_pb2 import ErrorReason

MOST_BURIED: Final = 8

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Slot(Generic[T]):
    """The id that a request makes its resource under, and what an earlier one of the same request_id made there."""

    id: str
    earlier: T | None


async def find_slot(
    look: Callable[[str], Awaitable[T | Buried | None]], key: bytes, principal: str, method: str, request_id: str
) -> Slot[T]:
    """Where a request's resource is or will be: a new id without a `request_id`, otherwise always the same one.

    An attempt that failed on the way may have left its id buried; then the next id of the same request counts.
    Raises CONTENTION where too many are.
    """
    for attempt in range(MOST_BURIED):
        # The first id is the plain one; a suffix cannot make it clash, since a request_id is a UUID or empty.
        candidate = derived_uuid(key, principal, method, f"{request_id}#{attempt}" if attempt else request_id)
        found = await look(candidate)
        if not isinstance(found, Buried):
            return Slot(candidate, found)
    raise contention()


def request_id_reused() -> Fault:
    """ALREADY_EXISTS: the request_id was used before, for something else."""
    return already_exists(
        ErrorReason.ERROR_REASON_REQUEST_ID_REUSED,
        "This request_id was used before with different content. Use a new one.",
    )
