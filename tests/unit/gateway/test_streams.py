"""A node is brought to its snapshot step by step, in an order in which nothing is referred to before it is there."""

from __future__ import annotations

from typing import Any

from gateway.envoy_api import (
    CLUSTER,
    DISCOVERY_REQUEST,
    ENDPOINTS,
    EXTENSION,
    LISTENER,
    ROUTES,
    TYPE_PREFIX,
    message,
)
from gateway.snapshot import Snapshot, snapshot
from gateway.streams import Answered, DiscoveryStream, as_request


def request(kind: str, *names: str, **fields: Any) -> Any:
    return as_request(message(DISCOVERY_REQUEST, {"type_url": TYPE_PREFIX + kind, "resource_names": names, **fields}))


def due(stream: DiscoveryStream, served: Snapshot) -> list[Any]:
    return list(stream.due(served))


def kinds(responses: list[Any]) -> list[str]:
    return [response.type_url.removeprefix(TYPE_PREFIX) for response in responses]


def test_a_node_that_names_nothing_is_sent_every_cluster_and_listener(edge: Snapshot) -> None:
    stream = DiscoveryStream()
    stream.take(request(CLUSTER))
    (response,) = due(stream, edge)
    assert len(response.resources) == len(edge.of(CLUSTER).by_name)


def test_a_node_is_sent_only_what_it_names(edge: Snapshot) -> None:
    stream = DiscoveryStream()
    stream.take(request(ENDPOINTS, "svc_upload", "unknown"))
    (response,) = due(stream, edge)
    assert len(response.resources) == 1


def test_what_is_referred_to_is_sent_before_what_refers_to_it(edge: Snapshot) -> None:
    stream = DiscoveryStream()
    for kind in (ROUTES, LISTENER, EXTENSION, ENDPOINTS, CLUSTER):
        stream.take(request(kind, *([] if kind in (LISTENER, CLUSTER) else edge.of(kind).by_name)))
    assert kinds(due(stream, edge)) == [CLUSTER, ENDPOINTS, EXTENSION, LISTENER, ROUTES]


def test_nothing_is_sent_twice(edge: Snapshot) -> None:
    stream = DiscoveryStream()
    stream.take(request(CLUSTER))
    (response,) = due(stream, edge)
    stream.take(request(CLUSTER, response_nonce=response.nonce, version_info=response.version_info))
    assert due(stream, edge) == []


def test_a_version_that_was_refused_is_not_sent_again_but_the_next_one_is() -> None:
    first, second = snapshot({CLUSTER: [{"name": "a"}]}), snapshot({CLUSTER: [{"name": "b"}]})
    stream = DiscoveryStream()
    stream.take(request(CLUSTER))
    (response,) = due(stream, first)
    refusal = {"code": 3, "message": "no"}
    answer = stream.take(request(CLUSTER, response_nonce=response.nonce, error_detail=refusal))
    assert answer == Answered(CLUSTER, first.of(CLUSTER).version, "no")
    assert due(stream, first) == []
    assert [one.version_info for one in due(stream, second)] == [second.of(CLUSTER).version]


def test_an_answer_to_an_older_response_says_nothing(edge: Snapshot) -> None:
    stream = DiscoveryStream()
    stream.take(request(CLUSTER))
    (old,) = due(stream, snapshot({CLUSTER: [{"name": "a"}]}))
    due(stream, edge)
    assert stream.take(request(CLUSTER, response_nonce=old.nonce)) is None
    assert due(stream, edge) == []


def test_a_node_that_asks_for_more_is_sent_it(edge: Snapshot) -> None:
    stream = DiscoveryStream()
    stream.take(request(ENDPOINTS, "svc_upload"))
    (response,) = due(stream, edge)
    answer = stream.take(request(ENDPOINTS, "svc_upload", "svc_social", response_nonce=response.nonce))
    assert answer == Answered(ENDPOINTS, edge.of(ENDPOINTS).version, None)
    (more,) = due(stream, edge)
    assert len(more.resources) == 2
