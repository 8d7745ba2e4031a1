"""svc_transcode as it runs: real gRPC behind mesh's layers, real SQLite, a real nats-server, a real SeaweedFS."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Generator
from pathlib import Path

import pytest

from mesh.ids import uuid7
from mesh.testing.servers import NatsServer, WeedServer, nats_server, weed_server

from .service_rig import Served, serving


@pytest.fixture(scope="session")
def nats(tmp_path_factory: pytest.TempPathFactory) -> Generator[NatsServer]:
    with nats_server(tmp_path_factory.mktemp("nats")) as server:
        yield server


@pytest.fixture(scope="session")
def weed(tmp_path_factory: pytest.TempPathFactory) -> Generator[WeedServer]:
    with weed_server(tmp_path_factory.mktemp("weed")) as server:
        yield server


@pytest.fixture
async def served(tmp_path: Path, nats: NatsServer, weed: WeedServer) -> AsyncGenerator[Served]:
    async with serving(tmp_path, nats, weed, uuid7()) as one:
        yield one
