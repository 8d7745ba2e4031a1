"""The state-of-the-world discovery protocol, one stream of it, without any network.

https://www.envoyproxy.io/docs/envoy/latest/api-docs/xds_protocol
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, cast

from google.protobuf.message import Message
from google.rpc.status_pb2 import Status

from gateway.envoy_api import DISCOVERY_RESPONSE, TYPE_PREFIX, message_class
from gateway.snapshot import ORDER, WHOLE, Snapshot


class Node(Protocol):
    """envoy.config.core.v3.Node."""

    id: str
    cluster: str


class DiscoveryRequest(Protocol):
    """envoy.service.discovery.v3.DiscoveryRequest."""

    node: Node
    type_url: str
    resource_names: Sequence[str]
    version_info: str
    response_nonce: str
    error_detail: Status

    def HasField(self, field_name: str) -> bool:  # noqa: N802 (protobuf's name)
        """Whether a message field is set."""
        ...


@dataclass(frozen=True, slots=True)
class Answered:
    """A node took or refused what it was sent."""

    type_name: str
    version: str
    """What was sent."""
    refusal: str | None
    """Why the node refuses it and stays with what it had; None when it took it."""


@dataclass(slots=True)
class _Subscription:
    names: frozenset[str]
    sent: str | None = None
    nonce: str = ""


@dataclass(slots=True)
class DiscoveryStream:
    """What one node wants, and what it was sent on this stream."""

    _subscriptions: dict[str, _Subscription] = field(default_factory=dict[str, "_Subscription"])
    _count: int = 0

    def take(self, request: DiscoveryRequest) -> Answered | None:
        """Note a request. It may say what became of an earlier response, ask for something, or both."""
        kind = request.type_url.removeprefix(TYPE_PREFIX)
        names = frozenset(request.resource_names)
        known = self._subscriptions.get(kind)
        if known is None:
            self._subscriptions[kind] = _Subscription(names)
            return None
        if request.response_nonce and request.response_nonce != known.nonce:
            # It was written before the last response was read; what it asks for comes again with the answer to that.
            return None
        answer = None
        if request.response_nonce and known.sent is not None:
            refusal = request.error_detail.message if request.HasField("error_detail") else None
            answer = Answered(kind, known.sent, refusal)
        if names != known.names:
            known.names = names
            known.sent = None
        return answer

    def due(self, snapshot: Snapshot) -> Iterator[Message]:
        """The responses that bring the node to this snapshot, in the order in which they must arrive."""
        for kind in ORDER:
            wanted = self._subscriptions.get(kind)
            resources = snapshot.of(kind)
            if wanted is None or wanted.sent == resources.version:
                continue
            everything = kind in WHOLE and not wanted.names
            names = sorted(resources.by_name) if everything else sorted(wanted.names & resources.by_name.keys())
            self._count += 1
            wanted.sent = resources.version
            wanted.nonce = str(self._count)
            response: Any = message_class(DISCOVERY_RESPONSE)(
                version_info=resources.version, type_url=TYPE_PREFIX + kind, nonce=wanted.nonce
            )
            for name in names:
                # Field by field, because the private pool's Any is another class.
                resource = resources.by_name[name]
                response.resources.add(type_url=resource.type_url, value=resource.value)
            yield response


def as_request(message: Message) -> DiscoveryRequest:
    """The message, whose class exists only at run time, as what it is."""
    return cast("DiscoveryRequest", message)
