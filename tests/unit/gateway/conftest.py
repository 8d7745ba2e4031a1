from __future__ import annotations

import pytest
from pydantic import SecretStr

from gateway.nodes import Keys, edge_snapshot
from gateway.routes import route_table
from gateway.snapshot import Snapshot
from mesh.config import Settings, load_settings
from mesh.policy import all_methods, descriptor_set


@pytest.fixture(scope="session")
def settings() -> Settings:
    defaults = load_settings()
    return defaults.model_copy(
        update={
            "services": {
                "gateway": "127.0.0.1:9000",
                "svc_social": "127.0.0.1:9001",
                "svc_upload": "127.0.0.1:9002, 127.0.0.1:9003",
                "svc_playback": "playback.internal:9004",
                "svc_transcode": "127.0.0.1:9005",
            },
            "objects": defaults.objects.model_copy(
                update={
                    "endpoint": "https://s3.example:9443",
                    "access_key": "edge",
                    "secret_key": SecretStr("secret of the store"),
                }
            ),
        }
    )


@pytest.fixture(scope="session")
def keys() -> Keys:
    return Keys()


@pytest.fixture(scope="session")
def edge(settings: Settings, keys: Keys) -> Snapshot:
    return edge_snapshot(settings, route_table(all_methods(), descriptor_set()), descriptor_set(), keys, "fra1")
