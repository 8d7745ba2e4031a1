"""A `cql://` URL says which cluster and keyspace, or one sentence says why not."""

from __future__ import annotations

import pytest

from mesh.tables import UnknownEngine
from mesh.tables.cql_url import CqlTarget, parse_target


@pytest.mark.parametrize(
    ("url", "target"),
    [
        ("cql://db/videos", CqlTarget((("db", 9042),), "videos")),
        ("cql://db:1,10.0.0.2:2/v_1", CqlTarget((("db", 1), ("10.0.0.2", 2)), "v_1")),
        ("cql://[::1]:9043,[fe80::1]/v", CqlTarget((("::1", 9043), ("fe80::1", 9042)), "v")),
        ("cql://me:p%40ss:1@db/v", CqlTarget((("db", 9042),), "v", user="me", password="p@ss:1")),
        (
            "cql://db/v?replication=3&datacenter=eu-west&tls=on&tablets=off",
            CqlTarget(
                (("db", 9042),),
                "v",
                datacenter="eu-west",
                replication=(("replication_factor", 3),),
                tls=True,
                tablets=False,
            ),
        ),
        (
            "cql://db/v?replication=eu-west:3,us_1:2",
            CqlTarget((("db", 9042),), "v", replication=(("eu-west", 3), ("us_1", 2))),
        ),
    ],
)
def test_a_url_says_all_that_is_needed(url: str, target: CqlTarget) -> None:
    assert parse_target(url) == target


@pytest.mark.parametrize(
    "url",
    [
        "cql://",
        "cql:///v",
        "cql://db",
        "cql://db/",
        "cql://db/Upper",
        "cql://db/two/parts",
        f"cql://db/{'k' * 49}",
        'cql://db/v";drop',
        "cql://db,/v",
        "cql://db:port/v",
        "cql://db/v#part",
        "cql://db/v?replication=",
        "cql://db/v?replication=0x3",
        "cql://db/v?replication=a:1,b",
        "cql://db/v?replication=a':1",
        "cql://db/v?tls=maybe",
        "cql://db/v?tablets=1",
        "cql://db/v?no=such",
    ],
)
def test_a_url_that_says_something_else_is_refused(url: str) -> None:
    with pytest.raises(UnknownEngine):
        parse_target(url)


def test_a_refusal_does_not_tell_the_password() -> None:
    with pytest.raises(UnknownEngine) as refused:
        parse_target("cql://me:secret@db/No")
    assert "secret" not in str(refused.value)
