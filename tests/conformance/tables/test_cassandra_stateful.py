"""The CQL engine agrees with a dictionary over any sequence of operations, on a real Cassandra."""

from __future__ import annotations

import asyncio
from collections.abc import Generator

import pytest
from hypothesis import HealthCheck, settings

from mesh.tables import open_tables
from mesh.testing.cassandra import CassandraServer
from mesh.testing.tables_stateful import SCHEMA, TablesMachine


class CassandraMachine(TablesMachine):
    """The machine on a keyspace that all examples share."""


TestCassandraStateful = CassandraMachine.TestCase
# Fewer and shorter examples than on SQLite: what is compared after a step costs some twenty milliseconds.
TestCassandraStateful.settings = settings(
    max_examples=20, stateful_step_count=20, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)


@pytest.fixture(autouse=True, scope="module")
def opened(cassandra: CassandraServer) -> Generator[None]:
    """The machine's engine, on a loop of its own: Hypothesis runs its examples outside of any."""
    with asyncio.Runner() as runner:
        opening = open_tables(f"cql://{cassandra.host}/stateful", SCHEMA)
        CassandraMachine.loop = runner.get_loop()
        CassandraMachine.tables = runner.run(opening.__aenter__())
        yield
        runner.run(opening.__aexit__(None, None, None))
