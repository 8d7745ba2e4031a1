"""The aggregated discovery service: brings every node to its snapshot and knows what became of it.

A node that refuses a resource (NACK) stays with what it had. That is logged, counted, and shown as the health of
`HEALTH`, because nobody would otherwise notice that an edge does not do what it is told.
"""

from __future__ import annotations

import asyncio
import hmac
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import grpc
import grpc.aio
from google.protobuf.message import Message

from gateway.envoy_api import DISCOVERY_REQUEST, message_class
from gateway.membership import EDGES, KEY_HEADER
from gateway.snapshot import Snapshot
from gateway.streams import Answered, DiscoveryStream, as_request

if TYPE_CHECKING:
    from structlog.typing import FilteringBoundLogger

METHOD: Final = "/envoy.service.discovery.v3.AggregatedDiscoveryService/StreamAggregatedResources"
HEALTH: Final = "vidmesh.gateway.Edges"
"""Name in the health service: NOT_SERVING while a connected edge refuses what it was sent."""


@dataclass(frozen=True, slots=True)
class NodeState:
    """A connected node."""

    node_id: str
    cluster: str
    taken: Mapping[str, str] = field(default_factory=dict[str, str])
    """Version in force by type of resource."""
    refused: Mapping[str, str] = field(default_factory=dict[str, str])
    """Why the last version was refused, by type of resource."""

    def after(self, answer: Answered) -> NodeState:
        """The state when the node has answered so."""
        refused = {kind: why for kind, why in self.refused.items() if kind != answer.type_name}
        if answer.refusal is not None:
            return NodeState(self.node_id, self.cluster, self.taken, {**refused, answer.type_name: answer.refusal})
        taken = {**self.taken, answer.type_name: answer.version}
        return NodeState(self.node_id, self.cluster, taken, refused)


class DiscoveryServer:
    """Serves each node the snapshot that `snapshot_of(cluster, node id)` gives; None turns the node away."""

    def __init__(
        self,
        snapshot_of: Callable[[str, str], Snapshot | None],
        keys: Sequence[str],
        log: FilteringBoundLogger,
        count: Callable[[Mapping[str, str]], None],
        holds: Callable[[str], bool] = lambda _cluster: False,
    ) -> None:
        """`keys` are what edges may show (`xds_keys`); `count` is told of every answer, with attributes.

        Nodes of a cluster that `holds` is true of are connected and sent nothing, until something has `changed`.
        """
        self._snapshot_of = snapshot_of
        self._keys = keys
        self._log = log
        self._streams: dict[int, NodeState] = {}
        self._changed: set[asyncio.Event] = set()
        self._watchers: list[Callable[[], None]] = []
        self._numbers = iter(range(1, 1 << 62))
        self._count = count
        self._holds = holds

    @property
    def nodes(self) -> tuple[NodeState, ...]:
        """Every connected node, as it stands."""
        return tuple(self._streams.values())

    @property
    def refusing(self) -> bool:
        """Whether a connected node refuses something."""
        return any(node.refused for node in self._streams.values())

    def on_answer(self, watcher: Callable[[], None]) -> None:
        """Call this whenever `nodes` changed."""
        self._watchers.append(watcher)

    def changed(self) -> None:
        """Snapshots may be different now: look again, for every node."""
        for event in self._changed:
            event.set()

    def add_to(self, server: grpc.aio.Server) -> None:
        """Register with a server."""
        service, _, method = METHOD.strip("/").rpartition("/")
        handler = grpc.stream_stream_rpc_method_handler(
            self._stream,
            request_deserializer=message_class(DISCOVERY_REQUEST).FromString,
            response_serializer=_serialized,
        )
        server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(service, {method: handler}),))

    async def _stream(
        self, requests: AsyncIterator[Message], context: grpc.aio.ServicerContext[Any, Any]
    ) -> AsyncIterator[Message]:
        arriving = aiter(requests)
        first = await anext(arriving, None)
        if first is None:
            return
        node = as_request(first).node
        if node.cluster == EDGES and not self._proven(context):
            await context.abort(grpc.StatusCode.UNAUTHENTICATED, f"{KEY_HEADER} is missing or not ours.")
        if self._snapshot_of(node.cluster, node.id) is None:
            await context.abort(grpc.StatusCode.NOT_FOUND, f"Nothing is served to nodes of cluster {node.cluster!r}.")
        number = next(self._numbers)
        self._streams[number] = NodeState(node.id, node.cluster)
        stream, wake = DiscoveryStream(), asyncio.Event()
        self._changed.add(wake)
        reader = asyncio.create_task(self._read(arriving, stream, number, wake))
        log = self._log.bind(node=node.id, cluster=node.cluster)
        log.info("node connected")
        try:
            self._take(first, stream, number)
            while not reader.done():
                wake.clear()
                served = None if self._holds(node.cluster) else self._snapshot_of(node.cluster, node.id)
                for response in stream.due(served) if served else ():
                    yield response
                await wake.wait()
        finally:
            reader.cancel()
            self._changed.discard(wake)
            del self._streams[number]
            self._tell()
            log.info("node disconnected")

    async def _read(
        self, requests: AsyncIterator[Message], stream: DiscoveryStream, number: int, wake: asyncio.Event
    ) -> None:
        try:
            async for request in requests:
                self._take(request, stream, number)
                wake.set()
        finally:
            wake.set()

    def _take(self, request: Message, stream: DiscoveryStream, number: int) -> None:
        answer = stream.take(as_request(request))
        if answer is None or number not in self._streams:
            return
        node = self._streams[number] = self._streams[number].after(answer)
        kind = answer.type_name.rpartition(".")[2]
        self._count({"node": node.node_id, "type": kind, "answer": "taken" if answer.refusal is None else "refused"})
        if answer.refusal is None:
            self._log.debug("node took a version", node=node.node_id, type=kind, version=answer.version)
        else:
            self._log.error(
                "node refused a version", node=node.node_id, type=kind, version=answer.version, why=answer.refusal
            )
        self._tell()

    def _proven(self, context: grpc.aio.ServicerContext[Any, Any]) -> bool:
        sent = str(dict(context.invocation_metadata() or ()).get(KEY_HEADER, "")).encode()
        return any(hmac.compare_digest(sent, key.encode()) for key in self._keys)

    def _tell(self) -> None:
        for watcher in self._watchers:
            watcher()


def _serialized(response: Message) -> bytes:
    return response.SerializeToString()
