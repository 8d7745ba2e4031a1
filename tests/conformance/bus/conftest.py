from __future__ import annotations

from collections.abc import AsyncGenerator, Generator
from pathlib import Path

import pytest

from mesh.bus import Bus, connect_bus
from mesh.testing.servers import NatsServer, nats_server


@pytest.fixture
def nats(tmp_path: Path) -> Generator[NatsServer]:
    with nats_server(tmp_path / "nats") as server:
        yield server


@pytest.fixture
async def bus(nats: NatsServer) -> AsyncGenerator[Bus]:
    async with connect_bus(nats.settings, "test") as connected:
        yield connected
