"""The control plane's one changing thing: what is known now, and the snapshots that follow from it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from google.protobuf.descriptor_pb2 import FileDescriptorSet

from gateway.membership import EDGES, SERVICES
from gateway.nodes import Keys, edge_snapshot, services_snapshot
from gateway.routes import RouteTable
from gateway.snapshot import Snapshot
from mesh.certificates import Certificate
from mesh.config import Settings

if TYPE_CHECKING:
    from structlog.typing import FilteringBoundLogger

MOST_EDGES: Final = 256
"""Names of edges are theirs to choose, so their number has an end."""


class ControlPlane:
    """Gives each node its snapshot, made when it is first asked for and again when the keys have changed."""

    def __init__(
        self,
        settings: Settings,
        table: RouteTable,
        contracts: FileDescriptorSet,
        log: FilteringBoundLogger,
        most_edges: int = MOST_EDGES,
    ) -> None:
        """Raises ConfigurationError or InconsistentSnapshotError where no edge could be served at all."""
        self._settings = settings
        self._table = table
        self._contracts = contracts
        self._log = log
        self._keys = Keys()
        self._certificate: Certificate | None = None
        self._waiting = True
        self._most_edges = most_edges
        self._services = services_snapshot(settings)
        self._edges: dict[str, Snapshot] = {}
        self._watchers: list[Callable[[], None]] = []
        self._edge("local")

    def snapshot_of(self, cluster: str, node: str) -> Snapshot | None:
        """What a node is served; None for one that is nothing of ours."""
        if cluster == SERVICES:
            return self._services
        if cluster != EDGES or not node:
            return None
        return self._edge(node)

    def holds(self, cluster: str) -> bool:
        """Whether nodes of a cluster have to wait: edges for what they verify with, staying with what they have."""
        return self._waiting and cluster == EDGES

    def on_change(self, watcher: Callable[[], None]) -> None:
        """Call this whenever snapshots have changed."""
        self._watchers.append(watcher)

    def learn(self, keys: Keys) -> None:
        """From now on edges verify with these."""
        self._keys = keys
        self._waiting = False
        self._edges.clear()
        self._log.info("edges verify with new keys", revoked=len(keys.revoked), ended=len(keys.ended))
        self._tell()

    def show(self, certificate: Certificate) -> None:
        """From now on edges show this one to viewers."""
        self._certificate = certificate
        self._edges.clear()
        self._log.info("edges show a new certificate")
        self._tell()

    def _tell(self) -> None:
        for watcher in self._watchers:
            watcher()

    def _edge(self, node: str) -> Snapshot | None:
        if node not in self._edges:
            if len(self._edges) >= self._most_edges:
                return None
            self._edges[node] = edge_snapshot(
                self._settings, self._table, self._contracts, self._keys, node, self._certificate
            )
        return self._edges[node]
