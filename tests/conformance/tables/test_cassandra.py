"""The CQL engine passes the conformance suite, and the state machine, on a real Cassandra."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Generator

import pytest
import pytest_asyncio
from cassandra import ConsistencyLevel
from cassandra.cluster import EXEC_PROFILE_DEFAULT, Cluster, ExecutionProfile
from cassandra.query import tuple_factory
from hypothesis import HealthCheck, settings

from mesh.tables import Tables, open_tables
from mesh.testing.cassandra import CassandraMissing, CassandraServer, cassandra_server
from mesh.testing.tables import SCHEMA, TablesConformance
from mesh.testing.tables_base import MEMBERS
from mesh.testing.tables_stateful import SCHEMA as STATEFUL
from mesh.testing.tables_stateful import TablesMachine
from tests.conformance.tables.cassandra_raw import RawCassandra


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Generator[CassandraServer]:
    """One server for this module: it takes some seconds to start."""
    try:
        starting = cassandra_server(tmp_path_factory.mktemp("cassandra"))
        running = starting.__enter__()
    except CassandraMissing as missing:
        pytest.skip(str(missing))
    yield running
    starting.__exit__(None, None, None)


@pytest.fixture(scope="module")
def session(server: CassandraServer) -> Generator[RawCassandra]:
    """Raw access to the keyspace, by a connection of its own."""
    profile = ExecutionProfile(consistency_level=ConsistencyLevel.LOCAL_QUORUM, row_factory=tuple_factory)
    cluster = Cluster(
        ["127.0.0.1"], server.port, protocol_version=4, execution_profiles={EXEC_PROFILE_DEFAULT: profile}
    )
    yield RawCassandra(cluster.connect(), "conformance")
    cluster.shutdown()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def tables(server: CassandraServer) -> AsyncGenerator[Tables]:
    """The engine, on the loop that the tests below share."""
    async with open_tables(f"cql://{server.host}/conformance", SCHEMA) as tables:
        yield tables


@pytest.mark.asyncio(loop_scope="module")
class TestCassandra(TablesConformance):
    """One keyspace for all tests: a table takes a tenth of a second to make."""

    # A decision takes some 10 ms, and a race of n callers n²/2 of them.
    contenders = 20

    @pytest.fixture
    def raw(self, tables: Tables, session: RawCassandra) -> Generator[RawCassandra]:
        yield session
        # Whole-table walks pass all that other tests left.
        session.forget(MEMBERS)


class CassandraMachine(TablesMachine):
    """The machine on a keyspace that all examples share."""


TestCassandraStateful = CassandraMachine.TestCase
# Fewer and shorter examples than on SQLite: a step costs some fifty milliseconds of round trips.
TestCassandraStateful.settings = settings(
    max_examples=10, stateful_step_count=20, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)


@pytest.fixture(autouse=True, scope="module")
def machine(server: CassandraServer) -> Generator[None]:
    """The machine's engine, on a loop of its own: Hypothesis runs its examples outside of any."""
    with asyncio.Runner() as runner:
        opening = open_tables(f"cql://{server.host}/stateful", STATEFUL)
        CassandraMachine.loop = runner.get_loop()
        CassandraMachine.tables = runner.run(opening.__aenter__())
        yield
        runner.run(opening.__aexit__(None, None, None))
