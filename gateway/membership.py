"""How a node shows that it belongs to the installation: its cluster, and the key that it brings.

Few imports, because what an edge is started with is written by a process of its own, while the edge waits.
"""

from __future__ import annotations

from typing import Final

from mesh.config import IdentitySettings
from mesh.sealing import Sealer

EDGES: Final = "edge"
"""Cluster of nodes that are edges (Envoy)."""
SERVICES: Final = "services"
"""Cluster of nodes that are gRPC clients with xDS of their own."""
KEY_HEADER: Final = "x-vidmesh-xds-key"
"""Metadata by which an edge proves that it belongs to the installation: it is sent the object store's credentials."""


def xds_key(service_secret: str) -> str:
    """The value of `KEY_HEADER`."""
    return Sealer(service_secret).derive("xds").hex()


def xds_keys(identity: IdentitySettings) -> tuple[str, ...]:
    """Every value of `KEY_HEADER` that is taken: edges that were started before the secret was changed come back."""
    secrets = (identity.service_secret, *identity.service_secret_previous)
    return tuple(xds_key(one.get_secret_value()) for one in secrets)
