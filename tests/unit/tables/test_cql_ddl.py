"""What is told to Cassandra and ScyllaDB alike, and the one word that only ScyllaDB knows."""

from __future__ import annotations

from mesh.tables.cql_ddl import keyspace_text, table_text
from mesh.tables.cql_url import parse_target
from mesh.testing.tables_base import ENTRIES, THINGS


def test_a_keyspace_is_made_with_copies_by_data_centre() -> None:
    assert keyspace_text(parse_target("cql://db/v?replication=3")) == (
        'CREATE KEYSPACE IF NOT EXISTS "v" '
        "WITH replication = {'class': 'NetworkTopologyStrategy', 'replication_factor': 3}"
    )
    assert keyspace_text(parse_target("cql://db/v?replication=a:3,b:2")).endswith("Strategy', 'a': 3, 'b': 2}")


def test_tablets_are_named_only_where_the_url_does() -> None:
    assert "tablets" not in keyspace_text(parse_target("cql://db/v"))
    assert keyspace_text(parse_target("cql://db/v?tablets=off")).endswith(" AND tablets = {'enabled': false}")


def test_a_table_has_its_order_and_the_hidden_columns() -> None:
    assert table_text("k", ENTRIES) == (
        'CREATE TABLE IF NOT EXISTS "k"."entries"("owner" text, "group" bigint, "name" text, "part" blob, '
        '"size" bigint, "note" text, "total" bigint static, "title" text static, "_live" bigint, '
        '"_void" tinyint static, PRIMARY KEY (("owner"), "group", "name", "part")) '
        'WITH CLUSTERING ORDER BY ("group" ASC, "name" DESC, "part" ASC)'
    )
    # A static column needs a clustering key; CQL's own timestamp has milliseconds only.
    assert table_text("k", THINGS).endswith('"time" bigint, "_live" bigint, "_void" tinyint, PRIMARY KEY (("id")))')
