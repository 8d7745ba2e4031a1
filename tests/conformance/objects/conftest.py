from __future__ import annotations

from collections.abc import AsyncGenerator, Generator

import pytest
import pytest_asyncio

from mesh.objects import Objects, connect_objects
from mesh.testing.servers import WeedServer, weed_server


@pytest.fixture(scope="session")
def weed(tmp_path_factory: pytest.TempPathFactory) -> Generator[WeedServer]:
    with weed_server(tmp_path_factory.mktemp("weed")) as server:
        yield server


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def objects(weed: WeedServer) -> AsyncGenerator[Objects]:
    async with connect_objects(weed.settings) as opened:
        await opened.ensure_buckets()
        yield opened


@pytest.fixture
def bucket(weed: WeedServer) -> str:
    return weed.settings.media_bucket
