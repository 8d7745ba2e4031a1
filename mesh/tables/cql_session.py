"""One process's connections to a cluster: awaitable, bounded, with every failure told in the tables' own errors.

Three kinds of statement, which differ in what may be repeated:

- reads, at LOCAL_QUORUM, repeated once on another node when the first does not answer;
- blind writes, at LOCAL_QUORUM. The client gives the timestamp, so a repeated or late one changes nothing that was
  written after it;
- decisions (lightweight transactions), SERIAL with LOCAL_QUORUM. Never repeated: whether one was applied is unknown.
"""

from __future__ import annotations

import asyncio
import logging
import ssl
import time
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, Final, TypeAlias

from cassandra import ConsistencyLevel, OperationTimedOut, RequestExecutionException
from cassandra.auth import PlainTextAuthProvider
from cassandra.cluster import EXEC_PROFILE_DEFAULT, Cluster, ExecutionProfile, NoHostAvailable, Session
from cassandra.connection import ConnectionException
from cassandra.policies import DCAwareRoundRobinPolicy, ExponentialReconnectionPolicy, TokenAwarePolicy
from cassandra.protocol import ErrorMessage
from cassandra.query import BatchStatement, PreparedStatement, tuple_factory

from mesh.tables.backpressure import Gate, bytes_in
from mesh.tables.columns import Stored
from mesh.tables.cql_retries import Repeatable, Unrepeatable
from mesh.tables.cql_url import CqlTarget
from mesh.tables.errors import Closed, Overloaded, Unavailable

Statement: TypeAlias = tuple[str, tuple[Stored, ...]]
"""CQL text and its parameters. A conditional text has an IF."""

Cells: TypeAlias = tuple[Any, ...]
"""A row of an answer."""

_IN_FLIGHT: Final = 256
"""Most requests under way at once, a large one counting as one more for each of `_PORTION` bytes that it sends."""
_PORTION: Final = 64 * 1024
_SECONDS: Final = 10.0
_DEFINE_SECONDS: Final = 60.0
_CONNECT_SECONDS: Final = 10
_PROTOCOL: Final = 4
_MILLISECOND: Final = 1000

_RECONNECT_SECONDS: Final = (0.5, 2.0)
"""First and longest wait before a node that was lost is tried again."""
_ASK_SECONDS: Final = (5, 10)
"""A connection on which nothing came for the first of these is asked whether it lives, and given up after the second:
a node that was cut off, or stands still, says nothing of it. Until then each call waits out its own time.
"""

_FAILURES: Final = (RequestExecutionException, OperationTimedOut, NoHostAvailable, ConnectionException, ErrorMessage)
"""What a cluster's state brings about; the driver's other errors are mistakes of this programme."""


class CqlSession:
    """Made with `connect`. Belongs to no event loop, but at any time one only uses it."""

    def __init__(self, cluster: Cluster, session: Session) -> None:
        self._cluster = cluster
        self._session = session
        self._gate = Gate(_IN_FLIGHT)
        self._prepared: dict[str, PreparedStatement] = {}
        self._preparing: dict[str, asyncio.Future[PreparedStatement]] = {}
        self._last_blind = 0
        self._closed = False

    @classmethod
    async def connect(cls, target: CqlTarget) -> CqlSession:
        """Reach the cluster. Raises Unavailable."""
        # A node that is away would fill the log with the driver's tracebacks: each failure reaches a caller anyway.
        logging.getLogger("cassandra.cluster").addFilter(_brief)
        cluster = _cluster(target)
        try:
            session = await asyncio.to_thread(cluster.connect)
        except _FAILURES as error:
            await asyncio.to_thread(cluster.shutdown)
            raise Unavailable(f"the cluster cannot be reached: {_sentence(error)}") from error
        return cls(cluster, session)

    async def read(self, statement: Statement) -> list[Cells]:
        """All rows of the answer."""
        return await self._call([statement], "read")

    async def write(self, statement: Statement) -> None:
        """Write without condition."""
        try:
            await self._call([statement], "write")
        finally:
            self._last_blind = _now()

    async def decide(self, statements: Sequence[Statement]) -> bool:
        """Apply statements of one partition together if all their conditions hold; whether they did."""
        # A node counts the time of a decision in whole milliseconds, that of a blind write is exact: a decision in the
        # same millisecond would count as older than the write it has seen. Not longer: a clock may be put back.
        if (early := (self._last_blind // _MILLISECOND + 1) * _MILLISECOND - _now()) > 0:
            await asyncio.sleep(min(early, _MILLISECOND) / 1e6)
        rows = await self._call(statements, "decide")
        # Only the first column means the same everywhere: ScyllaDB adds the old row always, Cassandra on failure.
        return bool(rows[0][0])

    async def define(self, text: str) -> None:
        """Run a statement that changes the schema, and wait until the nodes agree. Raises Unavailable."""
        try:
            answer = await asyncio.to_thread(self._session.execute, text, timeout=_DEFINE_SECONDS)
        except _FAILURES as error:
            raise Unavailable(f"the schema cannot be changed: {_sentence(error)}") from error
        if not answer.response_future.is_schema_agreed:
            raise Unavailable("the schema was changed, and the nodes do not agree about it yet")

    async def close(self) -> None:
        """Wait for what is under way, then disconnect. Safe to call twice."""
        if self._closed:
            return
        self._closed = True
        # Where too many wait for that, they hear Closed as they come to their turn.
        with suppress(Overloaded):
            self._gate.leave(await self._gate.enter(_IN_FLIGHT))
        await asyncio.to_thread(self._cluster.shutdown)

    async def _prepare(self, text: str) -> PreparedStatement:
        if (prepared := self._prepared.get(text)) is not None:
            return prepared
        pending = self._preparing.get(text)
        if pending is None:
            pending = asyncio.ensure_future(asyncio.to_thread(self._session.prepare, text))
            self._preparing[text] = pending
        try:
            prepared = await asyncio.shield(pending)
        except _FAILURES as error:
            raise Unavailable(f"a statement could not be prepared: {_sentence(error)}") from error
        finally:
            if pending.done():
                self._preparing.pop(text, None)
        # What has no condition may be repeated: reads, and writes whose timestamp the client gives.
        prepared.is_idempotent = " IF " not in text
        self._prepared[text] = prepared
        return prepared

    async def _call(self, statements: Sequence[Statement], profile: str) -> list[Cells]:
        units = 1 + sum(bytes_in(values) for _, values in statements) // _PORTION
        if not self._gate.admits(units):
            units = await self._gate.enter(units)
        sent = False
        try:
            if self._closed:
                raise Closed("the tables are closed")
            prepared = [self._prepared.get(text) or await self._prepare(text) for text, _ in statements]
            bound = [one.bind(values) for one, (_, values) in zip(prepared, statements, strict=True)]
            answer = self._send(bound[0] if len(bound) == 1 else _together(bound), profile, units)
            sent = True
        finally:
            if not sent:
                self._gate.leave(units)
        try:
            return await answer
        except _FAILURES as error:
            raise Unavailable(f"the cluster did not do what was asked: {_sentence(error)}") from error

    def _send(self, bound: Any, profile: str, units: int) -> asyncio.Future[list[Cells]]:
        loop = asyncio.get_running_loop()
        done: asyncio.Future[list[Cells]] = loop.create_future()
        rows: list[Cells] = []

        def settle(error: Exception | None) -> None:
            # A caller that went away has not taken its request with it, so the room is given back only here.
            self._gate.leave(units)
            if done.done():
                return
            if error is None:
                done.set_result(rows)
            else:
                done.set_exception(error)

        def tell(error: Exception | None) -> None:
            # A loop that is gone has no callers left to tell.
            with suppress(RuntimeError):
                loop.call_soon_threadsafe(settle, error)

        def received(page: list[Cells] | None) -> None:
            rows.extend(page or ())
            if response.has_more_pages:
                response.start_fetching_next_page()
            else:
                tell(None)

        response: Any = self._session.execute_async(bound, execution_profile=profile)
        response.add_callbacks(received, tell)
        return done


def _cluster(target: CqlTarget) -> Cluster:
    def profile(retries: Any) -> ExecutionProfile:
        return ExecutionProfile(
            load_balancing_policy=TokenAwarePolicy(DCAwareRoundRobinPolicy(local_dc=target.datacenter or "")),
            retry_policy=retries,
            consistency_level=ConsistencyLevel.LOCAL_QUORUM,
            serial_consistency_level=ConsistencyLevel.SERIAL,
            request_timeout=_SECONDS,
            row_factory=tuple_factory,
        )

    plain = None if target.user is None else PlainTextAuthProvider(target.user, target.password)
    return Cluster(
        contact_points=list(target.hosts),
        # Where nodes that are discovered listen: a node does not tell its port.
        port=target.hosts[0][1],
        protocol_version=_PROTOCOL,
        auth_provider=plain,
        ssl_context=ssl.create_default_context() if target.tls else None,
        connect_timeout=_CONNECT_SECONDS,
        # What the driver asks about nodes and schema as it connects; its own two seconds are few for a busy cluster.
        control_connection_timeout=_CONNECT_SECONDS,
        idle_heartbeat_interval=_ASK_SECONDS[0],
        idle_heartbeat_timeout=_ASK_SECONDS[1],
        reconnection_policy=ExponentialReconnectionPolicy(*_RECONNECT_SECONDS, max_attempts=None),
        execution_profiles={
            EXEC_PROFILE_DEFAULT: profile(Unrepeatable()),
            "read": profile(Repeatable()),
            "write": profile(Repeatable()),
            "decide": profile(Unrepeatable()),
        },
    )


def _brief(record: logging.LogRecord) -> bool:
    """Leaves the error's own words of a traceback."""
    if record.exc_info and (error := record.exc_info[1]) is not None:
        record.msg, record.args = f"{record.getMessage()} {_sentence(error)}", ()
        record.exc_info = None
    return True


def _together(bound: Sequence[Any]) -> BatchStatement:
    batch = BatchStatement()
    batch.add_all(bound, [None] * len(bound))
    return batch


def _sentence(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}"


def _now() -> int:
    return time.time_ns() // 1000
