"""What each node is served: edges the whole edge, gRPC clients the addresses of the services."""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import dataclass, field

from google.protobuf.descriptor_pb2 import FileDescriptorSet

from gateway.config import clusters, denials, proxyless, tls, tokens, transcoder
from gateway.config.listener import edge_listener
from gateway.config.plain import Plain
from gateway.config.routing import edge_routes
from gateway.envoy_api import CLUSTER, ENDPOINTS, EXTENSION, LISTENER, ROUTES, SECRET
from gateway.jwks import nobodys_jwks
from gateway.routes import RouteTable
from gateway.snapshot import Snapshot, snapshot
from mesh.certificates import Certificate
from mesh.config import Settings


@dataclass(frozen=True, slots=True)
class Keys:
    """What edges verify with. Unset, nothing verifies: every token is refused."""

    access_jwks: str = field(default_factory=nobodys_jwks)
    """JWK set of those who sign access tokens."""
    grant_jwks: str = field(default_factory=nobodys_jwks)
    """JWK set of those who sign grants."""
    revoked: Set[str] = frozenset()
    """`acc` claims of grants to refuse."""
    ended: Set[str] = frozenset()
    """`sid` claims of access tokens to refuse."""


def service_addresses(settings: Settings) -> Mapping[str, tuple[clusters.Address, ...]]:
    """Where the services of the mesh are, by name. Raises ConfigurationError for what is no address."""
    return {
        name: clusters.addresses(written, f"services.{name}")
        for name, written in sorted(settings.services.items())
        if name.startswith("svc_")
    }


def edge_snapshot(
    settings: Settings,
    table: RouteTable,
    contracts: FileDescriptorSet,
    keys: Keys,
    edge: str,
    certificate: Certificate | None = None,
) -> Snapshot:
    """What the edge of this name is served. Calls to services that this installation does not run have no route.

    Where the edge speaks TLS, it listens once there is a certificate.
    """
    speaks = certificate is not None or not settings.edge.tls
    where = service_addresses(settings)
    served = table.hosted_by(frozenset(where))
    services: list[Plain] = []
    endpoints: list[Plain] = []
    for name in served.hosts:
        by_name = not all(address.is_ip for address in where[name])
        cluster = clusters.service_cluster(name, by_name)
        places = clusters.endpoints(name, where[name])
        if by_name:
            cluster["load_assignment"] = places
        else:
            endpoints.append(places)
        services.append(cluster)
    secrets = {SECRET: [tls.certificate_secret(certificate)]} if certificate and settings.edge.tls else {}
    return snapshot(
        {
            **secrets,
            CLUSTER: [*services, *clusters.store_clusters(settings.objects), clusters.nowhere_cluster()],
            ENDPOINTS: endpoints,
            EXTENSION: [
                tokens.jwt_filter(settings.identity.issuer, keys.access_jwks, keys.grant_jwks),
                transcoder.transcoder_filter(served, contracts),
                denials.revocations_filter(keys.revoked),
                denials.ended_sessions_filter(keys.ended),
            ],
            LISTENER: [edge_listener(settings, edge)] if speaks else [],
            ROUTES: [edge_routes(settings, served, edge)],
        }
    )


def services_snapshot(settings: Settings) -> Snapshot:
    """What gRPC clients with xDS of their own are served: every service that is known by IP address."""
    where = {
        name: places for name, places in service_addresses(settings).items() if all(address.is_ip for address in places)
    }
    return snapshot(
        {
            CLUSTER: [proxyless.cluster(name) for name in where],
            ENDPOINTS: [clusters.endpoints(name, places) for name, places in where.items()],
            LISTENER: [proxyless.api_listener(name) for name in where],
        }
    )
