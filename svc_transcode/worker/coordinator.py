"""The other side of every job: TranscodeService, which says what to do and hears what came of it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import TYPE_CHECKING, Final, TypeVar

import grpc.aio

from mesh.bus.model import Done, GiveUp, Outcome, Retry
from mesh.errors import Fault
from mesh.statuses import fault_in
from svc_transcode.worker.patience import Pauses
from vidmesh.common.v1.error_reason_pb2 import ErrorReason
from vidmesh.transcode.v1.transcode_service_pb2 import FinishJobRequest, ReportJobRequest, StartJobRequest

if TYPE_CHECKING:
    from vidmesh.transcode.v1.transcode_service_pb2 import StartJobResponse
    from vidmesh.transcode.v1.transcode_service_pb2_grpc import TranscodeServiceAsyncStub

_log = logging.getLogger(__name__)

BUSY_PATIENCE: Final = timedelta(minutes=2)
REPORT_SECONDS: Final = 5.0

_FENCED: Final = frozenset({ErrorReason.ERROR_REASON_JOB_FENCED, ErrorReason.ERROR_REASON_JOB_NOT_FOUND})
_NOT_KNOWN: Final = grpc.StatusCode.UNAUTHENTICATED
"""It does not believe who we are: this machine's clock is wrong, or its secret. No job is at fault for that."""
_AWAY: Final = frozenset(
    {grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED, grpc.StatusCode.CANCELLED},
)
_BUSY: Final = _AWAY | {grpc.StatusCode.RESOURCE_EXHAUSTED, grpc.StatusCode.ABORTED}

T = TypeVar("T")


class FencedError(Exception):
    """The work is done, given up or in other hands: stop it and delete what it wrote."""


async def asked(call: Callable[[], Awaitable[T]], patience: timedelta = BUSY_PATIENCE) -> T:
    """A neighbour's answer. One that cannot be reached, or does not know us, is waited for without end, because nothing
    can be done without it; one that answers "not now" is asked again for `patience`.

    Raises Fault, FencedError, AioRpcError.
    """
    clock = asyncio.get_running_loop().time
    until: float | None = None
    pauses = Pauses()
    while True:
        try:
            return await call()
        except grpc.aio.AioRpcError as error:
            fault = fault_in(error)
            if error.code() is _NOT_KNOWN:
                _log.warning("a service refuses this worker: %s Are clock and secret right?", fault or error.details())
                until = None
            elif fault is None:
                if error.code() not in _AWAY:
                    raise
                until = None
            else:
                until = clock() + patience.total_seconds() if until is None else until
                if fault.reason in _FENCED:
                    raise FencedError(fault.sentence) from error
                if fault.code not in _BUSY or clock() >= until:
                    raise fault from error
        await pauses.wait()


class Coordinator:
    """The calls that a worker makes about its jobs."""

    def __init__(self, stub: TranscodeServiceAsyncStub, encoder: str = "") -> None:
        """`encoder`: what results depend on besides job and file; empty where nothing is to be copied."""
        self._stub = stub
        self._encoder = encoder

    async def start(self, job_id: str, attempt: int, worker: str) -> StartJobResponse:
        """What to do. Raises as `asked`."""
        request = StartJobRequest(job_id=job_id, attempt=attempt, worker=worker, encoder=self._encoder)
        return await asked(lambda: self._stub.StartJob(request))

    async def report(self, job_id: str, attempt: int, share: float) -> None:
        """Tells how far it is, 0 to 1. A report that does not arrive is no failure: the next one says more.

        Raises FencedError.
        """
        request = ReportJobRequest(job_id=job_id, attempt=attempt, progress=share)
        try:
            await self._stub.ReportJob(request, timeout=REPORT_SECONDS)
        except grpc.aio.AioRpcError as error:
            fault = fault_in(error)
            if isinstance(fault, Fault) and fault.reason in _FENCED:
                raise FencedError(fault.sentence) from error

    async def finish(self, request: FinishJobRequest) -> Outcome:
        """Says what came of it; what to answer the bus. Raises as `asked`."""
        answer = await asked(lambda: self._stub.FinishJob(request))
        if answer.given_up:
            return GiveUp(request.failure.detail or request.failure.message)
        return Retry(answer.retry_after.ToTimedelta()) if answer.HasField("retry_after") else Done()
