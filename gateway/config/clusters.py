"""Whom the edge talks to: the services of the mesh, and the object store in two ways."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from gateway.config.names import MEDIA_CLUSTER, NOWHERE_CLUSTER, PARTS_CLUSTER
from gateway.config.plain import FROM_ADS, Plain, extension, typed
from mesh.config import ConfigurationError, ObjectSettings

HTTP_OPTIONS: Final = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions"
STORE_HEADERS: Final = ("vary", "server", "x-request-id")
STORE_PREFIXES: Final = ("x-amz-", "seaweed-", "x-seaweedfs-")

BREAKERS: Final[Plain] = {
    "thresholds": [
        {
            "priority": priority,
            "max_connections": 1024,
            "max_pending_requests": 1024,
            "max_requests": most,
            # At most a fifth of the calls under way may be repeats, so that retries cannot keep a service down.
            "retry_budget": {"budget_percent": {"value": 20}, "min_retry_concurrency": 3},
            "track_remaining": True,
        }
        # Reads, the streams that people watch included, and everything else.
        for priority, most in (("HIGH", 8192), ("DEFAULT", 2048))
    ]
}


@dataclass(frozen=True, slots=True)
class Address:
    """Where something listens."""

    host: str
    port: int

    @property
    def is_ip(self) -> bool:
        """Written as an IP address and not as a name to be resolved."""
        try:
            ipaddress.ip_address(self.host)
        except ValueError:
            return False
        return True

    @property
    def plain(self) -> Plain:
        """As Envoy writes it."""
        return {"socket_address": {"address": self.host, "port_value": self.port}}


def addresses(written: str, what: str) -> tuple[Address, ...]:
    """The addresses in "host:port" or "host:port,host:port". Raises ConfigurationError naming `what`."""
    return tuple(_address(one.strip(), what) for one in written.split(","))


def _address(written: str, what: str) -> Address:
    host, _, port = written.rpartition(":")
    if not host or not port.isdigit() or "/" in host:
        raise ConfigurationError(f"{what}: {written!r} is not of the form host:port.")
    return Address(host.strip("[]"), int(port))


def service_cluster(name: str, by_name: bool) -> Plain:
    """A service of the mesh: gRPC, asked for its health, left out while it fails.

    With `by_name` its addresses are resolved by DNS, otherwise they come as endpoints.
    """
    found: Plain = (
        {"type": "STRICT_DNS"} if by_name else {"type": "EDS", "eds_cluster_config": {"eds_config": FROM_ADS}}
    )
    return {
        "name": name,
        **found,
        "connect_timeout": "1s",
        "lb_policy": "LEAST_REQUEST",
        "per_connection_buffer_limit_bytes": 1 << 20,
        "typed_extension_protocol_options": {
            HTTP_OPTIONS: typed(
                HTTP_OPTIONS,
                explicit_http_config={
                    "http2_protocol_options": {
                        # A service that vanished without a word is noticed, also by the connection that asks for its
                        # health. More often than every five seconds would be taken for an attack (mesh/serving.py).
                        "connection_keepalive": {"interval": "8s", "timeout": "4s"}
                    }
                },
            )
        },
        "close_connections_on_host_health_failure": True,
        "health_checks": [
            {
                "timeout": "2s",
                "interval": "2s",
                "no_traffic_interval": "2s",
                "unhealthy_interval": "0.500s",
                "unhealthy_threshold": 2,
                "healthy_threshold": 1,
                "grpc_health_check": {},
            }
        ],
        "outlier_detection": {
            # An answer with an error is still an answer; only who cannot be reached is left out.
            "enforcing_consecutive_5xx": 0,
            "consecutive_gateway_failure": 5,
            "enforcing_consecutive_gateway_failure": 100,
            "enforcing_success_rate": 0,
            "interval": "2s",
            "base_ejection_time": "5s",
            "max_ejection_percent": 50,
        },
        "circuit_breakers": BREAKERS,
    }


def endpoints(name: str, where: Sequence[Address]) -> Plain:
    """The endpoints of a service: all in one place, all alike."""
    return {
        "cluster_name": name,
        "endpoints": [
            {
                "locality": {"zone": "local"},
                "load_balancing_weight": 1,
                "lb_endpoints": [
                    {"endpoint": {"address": one.plain}, "health_status": "HEALTHY", "load_balancing_weight": 1}
                    for one in where
                ],
            }
        ],
    }


def store_clusters(store: ObjectSettings) -> tuple[Plain, Plain]:
    """The object store: for media, signed with the edge's key, and for parts, as the client had them signed.

    Raises ConfigurationError where the endpoint is not a URL.
    """
    scrub = extension(
        "scrub",
        "filters.http.header_mutation.v3.HeaderMutation",
        mutations={
            # `Vary` would keep answers out of the cache; the others tell what stands behind the edge.
            "response_mutations": [
                *({"remove": name} for name in STORE_HEADERS),
                *({"remove_on_match": {"key_matcher": {"prefix": prefix}}} for prefix in STORE_PREFIXES),
            ]
        },
    )
    sign = extension(
        "envoy.filters.http.aws_request_signing",
        "filters.http.aws_request_signing.v3.AwsRequestSigning",
        service_name="s3",
        region=store.region,
        host_rewrite=store_host(store),
        use_unsigned_payload=True,
        credential_provider={
            "inline_credential": {
                "access_key_id": store.access_key,
                "secret_access_key": store.secret_key.get_secret_value(),
            }
        },
        match_excluded_headers=[
            {"prefix": "x-forwarded"},
            {"prefix": "x-envoy"},
            {"prefix": "x-vidmesh"},
            {"exact": "x-request-id"},
            {"exact": "user-agent"},
            {"exact": "traceparent"},
            {"exact": "tracestate"},
            {"exact": "range"},
        ],
    )
    return (
        _store_cluster(MEDIA_CLUSTER, store, [scrub, sign]),
        _store_cluster(PARTS_CLUSTER, store, [scrub]),
    )


def nowhere_cluster() -> Plain:
    """A cluster without endpoints."""
    return {"name": NOWHERE_CLUSTER, "type": "STATIC", "connect_timeout": "1s"}


def store_host(store: ObjectSettings) -> str:
    """The host that requests to the store are signed for: that of the endpoint, with its port where it names one."""
    return urlsplit(store.endpoint).netloc


def _store_cluster(name: str, store: ObjectSettings, filters: list[Plain]) -> Plain:
    url = urlsplit(store.endpoint)
    if url.scheme not in {"http", "https"} or not url.hostname:
        raise ConfigurationError(f"objects.endpoint: {store.endpoint!r} is not an http or https URL.")
    address = Address(url.hostname, url.port or (443 if url.scheme == "https" else 80))
    codec = extension("envoy.filters.http.upstream_codec", "filters.http.upstream_codec.v3.UpstreamCodec")
    cluster: Plain = {
        "name": name,
        "type": "STATIC" if address.is_ip else "STRICT_DNS",
        "connect_timeout": "2s",
        "lb_policy": "LEAST_REQUEST",
        "load_assignment": {
            "cluster_name": name,
            "endpoints": [{"lb_endpoints": [{"endpoint": {"address": address.plain}}]}],
        },
        "typed_extension_protocol_options": {
            HTTP_OPTIONS: typed(
                HTTP_OPTIONS,
                explicit_http_config={"http_protocol_options": {}},
                http_filters=[*filters, codec],
            )
        },
        "circuit_breakers": BREAKERS,
        # HTTP/1 has no pings. Whatever the store answers here, it is there; when it says nothing at all its connections
        # are given up, so that what waits on them ends, and nothing new begins on them.
        "close_connections_on_host_health_failure": True,
        "health_checks": [
            {
                "timeout": "3s",
                "interval": "4s",
                "no_traffic_interval": "4s",
                "unhealthy_interval": "1s",
                "unhealthy_threshold": 2,
                "healthy_threshold": 1,
                "http_health_check": {
                    "path": "/",
                    "host": store_host(store),
                    "expected_statuses": [{"start": 100, "end": 600}],
                },
            }
        ],
    }
    if url.scheme == "https":
        cluster["transport_socket"] = extension(
            "envoy.transport_sockets.tls",
            "transport_sockets.tls.v3.UpstreamTlsContext",
            sni=url.hostname,
            auto_sni_san_validation=True,
            common_tls_context={"validation_context": {"system_root_certs": {}}},
        )
    return cluster
