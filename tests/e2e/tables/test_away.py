"""Cassandra is not there yet, or stands still: calls are answered in time, and all goes on without anybody's help."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from mesh.testing.cassandra import KeptCassandra
from tests.e2e.people import somebody
from tests.e2e.stacks import Stack, start, tables_on, vidmesh

pytestmark = [pytest.mark.stack, pytest.mark.cassandra("Cassandra is what stands still")]

LATE = 8.0
"""Seconds after which services have long asked for their tables."""


@pytest.fixture(scope="module")
def stack(mortal: KeptCassandra, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A stack that was told to start before there was a Cassandra."""
    data = tmp_path_factory.mktemp("waiting") / "data"
    with ThreadPoolExecutor(1) as pool:
        try:
            starting = pool.submit(start, data, configuration=tables_on(data, mortal.host))
            time.sleep(LATE)
            assert not starting.done(), starting.exception()
            mortal.start()
            yield starting.result()
        finally:
            vidmesh("down", "--data", str(data))


def test_services_that_start_before_their_tables_wait_for_them(stack: Stack) -> None:
    assert {part["state"] for part in stack.status()["parts"]} == {"ready"}
    assert {part["name"]: part["restarts"] for part in stack.status()["parts"] if part["restarts"]} == {}
    somebody(stack).edge.close()
