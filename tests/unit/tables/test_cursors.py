"""Cursors survive the journey and nothing else does."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mesh.tables import InvalidCursor, blob, boolean, integer, text, timestamp
from mesh.tables.cursors import fingerprint, read_cursor, write_cursor

COLUMNS = (text("t"), blob("b"), integer("i"), boolean("f"), timestamp("w"))
INT64 = st.integers(-(2**63), 2**63 - 1)
QUERY = fingerprint("q")


@given(st.tuples(st.text(), st.binary(), INT64, st.booleans(), INT64))
def test_a_position_reads_back(position: tuple[str, bytes, int, bool, int]) -> None:
    assert read_cursor(write_cursor(QUERY, position), QUERY, COLUMNS) == position


@given(st.binary(max_size=60))
def test_what_is_no_cursor_is_refused(data: bytes) -> None:
    with pytest.raises(InvalidCursor):
        read_cursor(write_cursor(QUERY, ())[:9] + data, QUERY, COLUMNS)


@pytest.mark.parametrize(
    "position",
    [("t", b"b", 1, True), ("t", b"b", True, True, 1), (b"t", b"b", 1, True, 1), ("t", b"b", 2**63, True, 1)],
)
def test_a_position_of_other_types_is_refused(position: tuple[str | bytes | int, ...]) -> None:
    with pytest.raises(InvalidCursor, match="damaged"):
        read_cursor(write_cursor(QUERY, position), QUERY, COLUMNS)


def test_fingerprints_tell_queries_apart() -> None:
    prints = {
        fingerprint(*parts)
        for parts in (("a",), ("a", None), ("a", []), (["a"],), (b"a",), ("a", 1), ("a", True), ("a", "1"))
    }
    assert len(prints) == 8
