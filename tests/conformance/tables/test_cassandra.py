"""The CQL engine passes the conformance suite on a real Cassandra."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Generator

import pytest
import pytest_asyncio
from cassandra import ConsistencyLevel
from cassandra.cluster import EXEC_PROFILE_DEFAULT, Cluster, ExecutionProfile
from cassandra.query import tuple_factory

from mesh.tables import Tables, open_tables
from mesh.testing.cassandra import CassandraServer
from mesh.testing.tables import SCHEMA, TablesConformance
from mesh.testing.tables_base import MEMBERS
from tests.conformance.tables.cassandra_raw import RawCassandra


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def tables(cassandra: CassandraServer) -> AsyncGenerator[Tables]:
    """The engine, on the loop that the tests below share. One keyspace: a table takes a tenth of a second to make."""
    async with open_tables(f"cql://{cassandra.host}/conformance", SCHEMA) as tables:
        yield tables


@pytest.fixture(scope="module")
def around(cassandra: CassandraServer) -> Generator[RawCassandra]:
    """Raw access to the keyspace, by a connection of its own."""
    profile = ExecutionProfile(consistency_level=ConsistencyLevel.LOCAL_QUORUM, row_factory=tuple_factory)
    cluster = Cluster(
        ["127.0.0.1"], cassandra.port, protocol_version=4, execution_profiles={EXEC_PROFILE_DEFAULT: profile}
    )
    yield RawCassandra(cluster.connect(), "conformance")
    cluster.shutdown()


@pytest.mark.asyncio(loop_scope="module")
class TestCassandra(TablesConformance):
    """One test after another in one keyspace."""

    # A decision takes some 5 ms, and a race of n callers n²/2 of them.
    contenders = 24

    @pytest.fixture
    def raw(self, tables: Tables, around: RawCassandra) -> Generator[RawCassandra]:
        yield around
        # Whole-table walks pass all that other tests left.
        around.forget(MEMBERS)
