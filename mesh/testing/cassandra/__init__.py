"""A real, throw-away Cassandra for tests, from Maven's jars (a JDK 17 and `mvn` are all it needs).

with cassandra_server(tmp_path) as cassandra:
    …cassandra.host…
"""

from __future__ import annotations

from mesh.testing.cassandra.home import CassandraMissing, cassandra_home
from mesh.testing.cassandra.server import CassandraServer, cassandra_server

__all__ = ["CassandraMissing", "CassandraServer", "cassandra_home", "cassandra_server"]
