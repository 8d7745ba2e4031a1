"""A snapshot is whole or is not made, and its versions follow from its content."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from gateway.envoy_api import CLUSTER, ENDPOINTS, EXTENSION, LISTENER, ROUTES, EnvoyApiError, message_class, plain
from gateway.nodes import Keys, edge_snapshot, service_addresses, services_snapshot
from gateway.routes import route_table
from gateway.snapshot import InconsistentSnapshotError, Snapshot, snapshot
from mesh.config import ConfigurationError, Settings
from mesh.policy import all_methods, descriptor_set

EDS: dict[str, Any] = {"name": "a", "type": "EDS", "eds_cluster_config": {"eds_config": {"ads": {}}}}


def read(served: Snapshot, kind: str) -> dict[str, dict[str, Any]]:
    """Every resource of a type as plain data, by name: each must be a message of Envoy's API."""
    return {
        name: plain(message_class(kind).FromString(resource.value))
        for name, resource in served.of(kind).by_name.items()
    }


def routes_of(served: Snapshot) -> list[dict[str, Any]]:
    return read(served, ROUTES)["edge"]["virtual_hosts"][0]["routes"]


def built(settings: Settings, keys: Keys, edge: str = "fra1") -> Snapshot:
    return edge_snapshot(settings, route_table(all_methods(), descriptor_set()), descriptor_set(), keys, edge)


def test_every_resource_of_the_edge_is_a_message_of_envoys_api(edge: Snapshot) -> None:
    counts = {kind: len(read(edge, kind)) for kind in edge.types}
    assert counts == {CLUSTER: 7, ENDPOINTS: 3, EXTENSION: 4, LISTENER: 1, ROUTES: 1}


def test_equal_content_has_an_equal_version(settings: Settings, keys: Keys, edge: Snapshot) -> None:
    again = built(settings, keys)
    assert {kind: one.version for kind, one in again.types.items()} == {
        kind: one.version for kind, one in edge.types.items()
    }


def test_a_revocation_changes_extensions_alone_so_that_no_stream_is_cut(
    settings: Settings, keys: Keys, edge: Snapshot
) -> None:
    after = built(settings, replace(keys, revoked=frozenset({"abcdefghijk.1"})))
    changed = {kind for kind in edge.types if after.of(kind).version != edge.of(kind).version}
    assert changed == {EXTENSION}


def test_each_edge_tells_services_its_own_name(settings: Settings, keys: Keys) -> None:
    for name in ("fra1", "nyc1"):
        calls = [route for route in routes_of(built(settings, keys, name)) if "request_headers_to_add" in route]
        told = {
            one["header"]["value"]
            for call in calls
            for one in call["request_headers_to_add"]
            if one["header"]["key"] == "x-vidmesh-edge"
        }
        assert told == {name}


def test_every_route_says_whether_it_asks_for_a_token(edge: Snapshot) -> None:
    for route in routes_of(edge):
        assert "envoy.filters.http.jwt_authn" in route["typed_per_filter_config"], route["name"]


def test_the_last_route_leads_nowhere(edge: Snapshot) -> None:
    last = routes_of(edge)[-1]
    assert last["match"] == {"prefix": "/"}
    assert last["direct_response"] == {"status": 404}


def test_calls_are_matched_by_their_whole_path(edge: Snapshot) -> None:
    calls = [route for route in routes_of(edge) if route["name"].startswith("/")]
    assert len(calls) == len(route_table(all_methods(), descriptor_set()).routes)
    assert all(route["match"] == {"path": route["name"]} for route in calls)


def test_the_edge_retries_only_what_may_be_repeated(edge: Snapshot) -> None:
    retried = {route["name"] for route in routes_of(edge) if "retry_policy" in route.get("route", {})}
    assert retried == {
        route.grpc_path for route in route_table(all_methods(), descriptor_set()).routes if route.policy.idempotent
    }


def test_a_service_known_by_name_is_resolved_and_one_known_by_address_is_told(edge: Snapshot) -> None:
    clusters = read(edge, CLUSTER)
    assert clusters["svc_playback"]["type"] == "STRICT_DNS"
    assert clusters["svc_upload"]["type"] == "EDS"
    (place,) = read(edge, ENDPOINTS)["svc_upload"]["endpoints"]
    ports = [one["endpoint"]["address"]["socket_address"]["port_value"] for one in place["lb_endpoints"]]
    assert ports == [9002, 9003]


def test_a_store_behind_tls_is_asked_by_tls_and_its_certificate_is_checked(edge: Snapshot) -> None:
    for name in ("objects.media", "objects.parts"):
        context = read(edge, CLUSTER)[name]["transport_socket"]["typed_config"]
        assert context["sni"] == "s3.example"
        assert context["auto_sni_san_validation"] is True


def test_only_the_cluster_of_media_has_the_stores_credentials(edge: Snapshot) -> None:
    clusters = edge.of(CLUSTER).by_name
    holding = [name for name, resource in clusters.items() if b"secret of the store" in resource.value]
    assert holding == ["objects.media"]


def test_clients_with_xds_of_their_own_find_every_service_known_by_address(settings: Settings) -> None:
    served = services_snapshot(settings)
    assert set(read(served, LISTENER)) == {"svc_social", "svc_upload", "svc_transcode"}
    assert all(
        cluster["lb_policy"] == "ROUND_ROBIN" for cluster in read(served, CLUSTER).values() if "lb_policy" in cluster
    )
    assert "api_listener" in read(served, LISTENER)["svc_upload"]


@pytest.mark.parametrize("written", ["", "nowhere", "host:", "xds:///svc_upload", "http://host:1/"])
def test_an_address_that_is_none_is_named(settings: Settings, written: str) -> None:
    with pytest.raises(ConfigurationError, match=r"services\.svc_upload"):
        service_addresses(settings.model_copy(update={"services": {"svc_upload": written}}))


@pytest.mark.parametrize(
    ("resources", "complaint"),
    [
        ({CLUSTER: [EDS]}, "refers to ClusterLoadAssignment 'a'"),
        ({ENDPOINTS: [{"cluster_name": "a"}]}, "belong to no cluster"),
        ({CLUSTER: [{"name": "a"}, {"name": "a"}]}, "two resources are called 'a'"),
        (
            {ROUTES: [{"name": "r", "virtual_hosts": [{"routes": [{"route": {"cluster": "gone"}}]}]}]},
            "refers to Cluster 'gone'",
        ),
        (
            {LISTENER: [{"name": "l", "x": {"rds": {"route_config_name": "gone"}}}]},
            "refers to RouteConfiguration 'gone'",
        ),
        (
            {LISTENER: [{"name": "l", "x": [{"name": "gone", "config_discovery": {}}]}]},
            "refers to TypedExtensionConfig 'gone'",
        ),
    ],
)
def test_a_reference_that_leads_nowhere_makes_no_snapshot(
    resources: dict[str, list[dict[str, Any]]], complaint: str
) -> None:
    with pytest.raises(InconsistentSnapshotError, match=complaint):
        snapshot(resources)


def test_a_field_that_envoys_api_does_not_know_makes_no_snapshot() -> None:
    with pytest.raises(EnvoyApiError, match="no_such_field"):
        snapshot({CLUSTER: [{"name": "a", "no_such_field": 1}]})
