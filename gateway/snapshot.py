"""What one kind of node is served: an immutable, consistent set of resources, versioned by content.

A snapshot is made whole or not at all: `snapshot` refuses references that lead nowhere, so an edge is never told to
send calls to a cluster that does not exist.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

from google.protobuf.any_pb2 import Any as AnyMessage

from gateway.config.plain import Plain
from gateway.envoy_api import CLUSTER, ENDPOINTS, EXTENSION, LISTENER, ROUTES, SECRET, TYPE_PREFIX, message

ORDER: Final = (CLUSTER, ENDPOINTS, SECRET, EXTENSION, LISTENER, ROUTES)
"""Make before break: what is referred to is sent before what refers to it."""
WHOLE: Final = frozenset({CLUSTER, LISTENER})
"""Types of which a node that names none wants all."""


class InconsistentSnapshotError(ValueError):
    """A resource refers to one that is not there; the message names both."""


@dataclass(frozen=True, slots=True)
class Resources:
    """The resources of one type by name."""

    version: str
    """Hash of the content: equal content has an equal version, across restarts and replicas."""
    by_name: Mapping[str, AnyMessage]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Every resource of one kind of node."""

    types: Mapping[str, Resources]
    """By message type, e.g. "envoy.config.cluster.v3.Cluster"."""

    def of(self, type_name: str) -> Resources:
        """The resources of a type; of one that is not served, none."""
        return self.types.get(type_name, NOTHING)


NOTHING: Final = Resources(version="none", by_name=MappingProxyType({}))


def snapshot(resources: Mapping[str, Sequence[Plain]]) -> Snapshot:
    """The snapshot of these resources, as plain data by type.

    Raises InconsistentSnapshotError, and EnvoyApiError for data that Envoy's API does not know.
    """
    _check(resources)
    return Snapshot(MappingProxyType({kind: _resources(kind, plain) for kind, plain in resources.items()}))


def _resources(kind: str, plain: Sequence[Plain]) -> Resources:
    by_name: dict[str, AnyMessage] = {}
    for one in plain:
        name = _name(kind, one)
        if name in by_name:
            raise InconsistentSnapshotError(f"{kind}: two resources are called {name!r}.")
        value = message(kind, one).SerializeToString(deterministic=True)
        by_name[name] = AnyMessage(type_url=TYPE_PREFIX + kind, value=value)
    digest = hashlib.sha256()
    for name in sorted(by_name):
        digest.update(len(name).to_bytes(4, "big") + name.encode())
        digest.update(len(by_name[name].value).to_bytes(4, "big") + by_name[name].value)
    return Resources(digest.hexdigest()[:16], MappingProxyType(by_name))


def _name(kind: str, resource: Plain) -> str:
    return resource["cluster_name" if kind == ENDPOINTS else "name"]


def _check(resources: Mapping[str, Sequence[Plain]]) -> None:
    there = {kind: {_name(kind, one) for one in resources.get(kind, ())} for kind in ORDER}
    for kind, name, by in _references(resources):
        if name not in there[kind]:
            raise InconsistentSnapshotError(f"{by} refers to {kind.rpartition('.')[2]} {name!r}, which is not there.")
    asked = {name for kind, name, _ in _references(resources) if kind == ENDPOINTS}
    if unasked := there[ENDPOINTS] - asked:
        raise InconsistentSnapshotError(f"Endpoints {sorted(unasked)} belong to no cluster.")


def _references(resources: Mapping[str, Sequence[Plain]]) -> Iterator[tuple[str, str, str]]:
    """Each reference: type and name of what is referred to, and who refers."""
    for listener in resources.get(LISTENER, ()):
        by = f"Listener {listener['name']!r}"
        for node in _nodes(listener):
            if "route_config_name" in node:
                yield ROUTES, node["route_config_name"], by
            if "sds_config" in node:
                yield SECRET, node["name"], by
            if "config_discovery" in node:
                yield EXTENSION, node["name"], by
    for routes in resources.get(ROUTES, ()):
        for host in routes["virtual_hosts"]:
            for route in host["routes"]:
                if "route" in route:
                    yield CLUSTER, route["route"]["cluster"], f"Route {route.get('name', '')!r}"
    for cluster in resources.get(CLUSTER, ()):
        if cluster.get("type") == "EDS":
            yield ENDPOINTS, cluster["name"], f"Cluster {cluster['name']!r}"


def _nodes(value: Any) -> Iterator[dict[str, Any]]:
    """Every message within a message."""
    match value:
        case dict():
            yield value
            for inner in value.values():
                yield from _nodes(inner)
        case list():
            for inner in value:
                yield from _nodes(inner)
        case _:
            pass
