"""A real, throw-away Cassandra for tests, from Maven's jars (a JDK 17 and `mvn` are all it needs).

with cassandra_server(tmp_path) as cassandra:
    …cassandra.host…

`keeping.py` has one that comes back when it dies, `python -m mesh.testing.cassandra COMMAND…` one for a command.
"""

from __future__ import annotations

from mesh.testing.cassandra.home import CassandraMissing, cassandra_home
from mesh.testing.cassandra.keeping import KeptCassandra, kept_cassandra
from mesh.testing.cassandra.server import CassandraServer, cassandra_server

__all__ = [
    "VARIABLE",
    "CassandraMissing",
    "CassandraServer",
    "KeptCassandra",
    "cassandra_home",
    "cassandra_server",
    "kept_cassandra",
]

VARIABLE = "TEST_CASSANDRA"
"""Where a command that runs beside a Cassandra finds its `host:port`."""
