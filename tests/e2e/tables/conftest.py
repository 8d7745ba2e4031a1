"""A Cassandra of a module's own, which may die, and comes back by itself."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from mesh.testing.cassandra import KeptCassandra, kept_cassandra


@pytest.fixture(scope="module")
def mortal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KeptCassandra]:
    """It does not run until a test starts it."""
    with kept_cassandra(tmp_path_factory.mktemp("mortal") / "cassandra", late=True) as kept:
        yield kept
