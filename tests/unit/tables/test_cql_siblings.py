"""Partition keys are ordered by the bytes that Cassandra stores."""

from __future__ import annotations

import pytest

from mesh.tables.checks import KeyValues
from mesh.tables.cql_siblings import key_bytes


@pytest.mark.parametrize(
    ("partition", "stored"),
    [
        (("é",), b"\xc3\xa9"),
        ((b"\x00\xff",), b"\x00\xff"),
        ((-1,), b"\xff" * 8),
        ((True,), b"\x01"),
        (("ab", 1), b"\x00\x02ab\x00" + b"\x00\x08" + b"\x00" * 7 + b"\x01\x00"),
    ],
)
def test_one_column_is_its_value_and_several_are_each_framed(partition: KeyValues, stored: bytes) -> None:
    assert key_bytes(partition) == stored
