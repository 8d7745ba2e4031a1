"""The same services for gRPC clients that speak xDS themselves (`xds:///svc_upload`), with no proxy in between.

They take fewer settings than Envoy: grpc refuses LEAST_REQUEST and ignores health checks.
"""

from __future__ import annotations

from gateway.config.names import ROUTER
from gateway.config.plain import FROM_ADS, Plain, extension, typed


def api_listener(service: str) -> Plain:
    """What `xds:///<service>` finds. Retries and time-outs are the client's own, from the contracts."""
    routes: Plain = {
        "name": service,
        "virtual_hosts": [
            {"name": service, "domains": ["*"], "routes": [{"match": {"prefix": ""}, "route": {"cluster": service}}]}
        ],
    }
    manager = typed(
        "filters.network.http_connection_manager.v3.HttpConnectionManager",
        route_config=routes,
        http_filters=[extension(ROUTER, "filters.http.router.v3.Router")],
    )
    return {"name": service, "api_listener": {"api_listener": manager}}


def cluster(service: str) -> Plain:
    """A service of the mesh as grpc takes it; its endpoints come apart."""
    return {
        "name": service,
        "type": "EDS",
        "eds_cluster_config": {"eds_config": FROM_ADS},
        "lb_policy": "ROUND_ROBIN",
    }
