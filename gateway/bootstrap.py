"""What Envoy is started with: who it is, and where its configuration comes from.

    python -m gateway.bootstrap --admin-port N --node NAME [--output FILE]

The configuration of the installation is read as every process reads it (`VIDMESH_CONFIG`). What is written holds a
key: a file is made readable by its owner alone. The folder of the edge's cache is made too, so run
this where Envoy runs.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path
from typing import Final

from gateway.config.clusters import HTTP_OPTIONS, addresses
from gateway.config.media import cache_folder
from gateway.config.plain import Plain, extension, typed
from gateway.envoy_api import BOOTSTRAP, message
from gateway.membership import EDGES, KEY_HEADER, xds_key
from mesh.config import ConfigurationError, Settings, load_settings

CONTROL_PLANE: Final = "control-plane"


def bootstrap(settings: Settings, admin_port: int, node: str) -> Plain:
    """Envoy's bootstrap as plain data, checked against its API.

    `node` is the edge's name, which services are told with every call. The admin interface listens on loopback alone,
    because whoever reaches it can stop the edge. Raises ConfigurationError where the control plane has no address.
    """
    if "gateway" not in settings.services:
        raise ConfigurationError("services.gateway is not set: an edge would not know where to ask.")
    places = addresses(settings.services["gateway"], "services.gateway")
    config: Plain = {
        "node": {"id": node, "cluster": EDGES},
        "admin": {"address": {"socket_address": {"address": "127.0.0.1", "port_value": admin_port}}},
        "dynamic_resources": {
            "ads_config": {
                "api_type": "GRPC",
                "transport_api_version": "V3",
                "set_node_on_first_message_only": True,
                "grpc_services": [
                    {
                        "envoy_grpc": {
                            "cluster_name": CONTROL_PLANE,
                            # By default up to 30 s: as long would a new edge that met no control plane not listen.
                            "retry_policy": {"retry_back_off": {"base_interval": "0.2s", "max_interval": "2s"}},
                        },
                        "initial_metadata": [
                            {"key": KEY_HEADER, "value": xds_key(settings.identity.service_secret.get_secret_value())}
                        ],
                    }
                ],
            },
            "lds_config": {"ads": {}, "resource_api_version": "V3"},
            "cds_config": {"ads": {}, "resource_api_version": "V3"},
        },
        "static_resources": {
            "clusters": [
                {
                    "name": CONTROL_PLANE,
                    "type": "STATIC" if all(place.is_ip for place in places) else "STRICT_DNS",
                    "connect_timeout": "1s",
                    "load_assignment": {
                        "cluster_name": CONTROL_PLANE,
                        "endpoints": [{"lb_endpoints": [{"endpoint": {"address": place.plain}} for place in places]}],
                    },
                    "typed_extension_protocol_options": {
                        HTTP_OPTIONS: typed(
                            HTTP_OPTIONS,
                            explicit_http_config={
                                "http2_protocol_options": {
                                    # A control plane that vanished is noticed, and the next one asked.
                                    "connection_keepalive": {"interval": "10s", "timeout": "5s"}
                                }
                            },
                        )
                    },
                }
            ]
        },
        "overload_manager": {
            "resource_monitors": [
                # Descriptors are never allowed to run out: connections beyond this are refused instead.
                extension(
                    "envoy.resource_monitors.global_downstream_max_connections",
                    "resource_monitors.downstream_connections.v3.DownstreamConnectionsConfig",
                    max_active_downstream_connections=str(settings.limits.max_connections),
                )
            ]
        },
    }
    message(BOOTSTRAP, config)
    return config


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner can read, replacing whatever was there."""
    scratch = path.with_name(f".{path.name}.{os.getpid()}")
    with os.fdopen(os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
    scratch.replace(path)


def main() -> int:
    parser = argparse.ArgumentParser(description="Write what Envoy is started with.")
    parser.add_argument("--admin-port", type=int, required=True, help="loopback port of Envoy's admin interface")
    parser.add_argument("--node", required=True, help="name of this edge")
    parser.add_argument("--config", type=Path, help="instead of the configuration that VIDMESH_CONFIG names")
    parser.add_argument("--output", type=Path, help="file to write; without it the bootstrap is printed")
    arguments = parser.parse_args()
    try:
        settings = load_settings(arguments.config)
        text = json.dumps(bootstrap(settings, arguments.admin_port, arguments.node), indent=2)
    except ConfigurationError as error:
        print(error, file=sys.stderr)
        return 2
    cache_folder(settings, arguments.node).mkdir(parents=True, exist_ok=True)
    if arguments.output is None:
        print(text)
    else:
        write_private(arguments.output, text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
