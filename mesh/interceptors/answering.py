"""Every call that a server answers passes here: one `MethodAnswer` a method, made when the server starts."""

from __future__ import annotations

import asyncio
import inspect
import time
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NoReturn, cast

import grpc
import grpc.aio
from google.protobuf.message import DecodeError, Message

from mesh.call import enter_call
from mesh.errors import Fault, invalid_field
from mesh.interceptors.access import Gate
from mesh.interceptors.deadlines import Deadlines, Limit
from mesh.interceptors.failures import defect, expected, going_away, log_failure, too_late
from mesh.interceptors.load import Load
from mesh.interceptors.observing import Observer, Seen
from mesh.interceptors.validation import RequestValidator
from mesh.policy import Policy
from mesh.statuses import trailers_of

if TYPE_CHECKING:
    from structlog.typing import FilteringBoundLogger

Context = grpc.aio.ServicerContext[Any, Any]
Raw = bytes | AsyncIterable[bytes]


@dataclass(frozen=True, slots=True)
class Layers:
    """What all methods of a server share."""

    gate: Gate
    validator: RequestValidator
    load: Load
    log: FilteringBoundLogger
    observer: Observer | None = None
    deadlines: Deadlines = field(default_factory=Deadlines)


class MethodAnswer:
    """Answers one method: admits the caller, checks the request, runs the handler in time, and turns what it raises
    into a status. Messages come and go as bytes, so that one that cannot be read is refused in the same way."""

    def __init__(self, layers: Layers, name: str, policy: Policy, handler: grpc.RpcMethodHandler[Any, Any]) -> None:
        """Raises TypeError for a handler that is not asynchronous, or does not fit what the method answers with."""
        self._layers = layers
        self._name = name
        self._policy = policy
        self._limit = None if policy.timeout is None else policy.timeout.total_seconds()
        self._parse = cast("Callable[[bytes], Message]", handler.request_deserializer)
        self._streamed_request = bool(handler.request_streaming)
        self._behaviour = behaviour_of(handler)
        suitable = inspect.isasyncgenfunction if handler.response_streaming else inspect.iscoroutinefunction
        if not suitable(self._behaviour):
            kind = "an async generator" if handler.response_streaming else "a coroutine function"
            raise TypeError(f"The handler of {name} must be {kind}.")

    async def unary(self, raw: Raw, context: Context) -> bytes:
        """Answer with one message."""
        layers = self._layers
        started = time.perf_counter()
        seen = self._begin(context)
        code = grpc.StatusCode.OK
        limit = None
        try:
            layers.load.enter_call(self._policy.rate_class)
            try:
                deadline = self._deadline(context)
                with layers.deadlines.until(deadline) as limit:
                    request = await self._admit(raw, context, deadline)
                    answer = await self._behaviour(request, context)
                return answer.SerializeToString()
            finally:
                layers.load.leave_call(self._policy.rate_class)
        except asyncio.CancelledError:
            code = grpc.StatusCode.CANCELLED
            raise
        except Exception as error:
            fault = self._fault(error, limit, started)
            code = fault.code
            await refuse(context, fault)
        finally:
            self._end(seen, code)

    async def stream(self, raw: Raw, context: Context) -> AsyncGenerator[bytes]:
        """Answer with a stream."""
        layers = self._layers
        started = time.perf_counter()
        seen = self._begin(context)
        code = grpc.StatusCode.OK
        limit = task = None
        try:
            task = layers.load.enter_stream()
            deadline = self._deadline(context)
            with layers.deadlines.until(deadline) as limit:
                request = await self._admit(raw, context, deadline)
            answers: AsyncGenerator[Message] = self._behaviour(request, context)
            try:
                while True:
                    # Only the handler is timed: while the reader is slow this generator rests at its `yield`.
                    with layers.deadlines.until(deadline) as limit:
                        answer = await anext(answers, None)
                    if answer is None:
                        break
                    yield answer.SerializeToString()
            finally:
                await answers.aclose()
        except asyncio.CancelledError:
            code = grpc.StatusCode.CANCELLED
            if task is None or not layers.load.draining:
                raise
            task.uncancel()
            code = grpc.StatusCode.UNAVAILABLE
            await refuse(context, going_away())
        except Exception as error:
            fault = self._fault(error, limit, started)
            code = fault.code
            await refuse(context, fault)
        finally:
            layers.load.leave_stream(task)
            self._end(seen, code)

    async def _admit(self, raw: Raw, context: Context, deadline: float | None) -> Message | AsyncIterator[Message]:
        metadata = context.invocation_metadata() or ()
        call = await self._layers.gate.admit(self._name, self._policy, cast("Any", metadata), deadline)
        enter_call(call)
        if isinstance(raw, bytes):
            return self._taken(raw)
        return self._all_taken(raw)

    def _taken(self, raw: bytes) -> Message:
        try:
            request = self._parse(raw)
        except DecodeError:
            raise invalid_field("", "The request is not a message of its type.") from None
        self._layers.validator.check(request)
        return request

    async def _all_taken(self, raws: AsyncIterable[bytes]) -> AsyncIterator[Message]:
        async for raw in raws:
            yield self._taken(raw)

    def _deadline(self, context: Context) -> float | None:
        remaining = cast("float | None", context.time_remaining())
        if remaining is None:
            remaining = self._limit
        elif self._limit is not None:
            remaining = min(remaining, self._limit)
        return None if remaining is None else time.monotonic() + remaining

    def _fault(self, error: Exception, limit: Limit | None, started: float) -> Fault:
        """What the caller is told, logged. Raises the error again where the handler has answered for itself."""
        if isinstance(error, grpc.aio.AbortError):
            raise error
        if isinstance(error, TimeoutError) and limit is not None and limit.expired:
            fault = too_late()
        else:
            fault = expected(error) or defect()
        log_failure(self._layers.log, self._name, fault, error, (time.perf_counter() - started) * 1000)
        return fault

    def _begin(self, context: Context) -> Seen | None:
        if self._layers.observer is None:
            return None
        return self._layers.observer.begin(self._name, cast("Any", context.invocation_metadata() or ()))

    def _end(self, seen: Seen | None, code: grpc.StatusCode) -> None:
        if seen is not None and self._layers.observer is not None:
            self._layers.observer.end(seen, code)


async def refuse(context: Context, fault: Fault) -> NoReturn:
    """End the call with the fault's status."""
    await context.abort(fault.code, fault.sentence, trailers_of(fault))


def behaviour_of(handler: grpc.RpcMethodHandler[Any, Any]) -> Callable[..., Any]:
    """The function that a generated handler wraps."""
    return next(
        behaviour
        for behaviour in (handler.unary_unary, handler.unary_stream, handler.stream_unary, handler.stream_stream)
        if behaviour is not None
    )
