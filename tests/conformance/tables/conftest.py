"""Failures inside the conformance suite show their values only if its modules are rewritten before import."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import ExitStack

import pytest

pytest.register_assert_rewrite("mesh.testing")

from mesh.testing.cassandra import CassandraMissing, CassandraServer, cassandra_server  # noqa: E402


@pytest.fixture(scope="session")
def cassandra(tmp_path_factory: pytest.TempPathFactory) -> Generator[CassandraServer]:
    """One server for all tests of a process: it takes some seconds to start. Each module has keyspaces of its own."""
    with ExitStack() as stack:
        try:
            server = stack.enter_context(cassandra_server(tmp_path_factory.mktemp("cassandra")))
        except CassandraMissing as missing:
            pytest.skip(str(missing))
        yield server
