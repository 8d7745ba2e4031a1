"""What is compiled for a table says the same as its columns do, or nothing."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from typing import Any, cast

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mesh.tables import MAX_KEY_BYTES, InvalidRow, Table, Value, blob, boolean, integer, real, text, timestamp
from mesh.tables.checks import changes_of, expected_of, key_of, partition_of, row_of
from mesh.tables.columns import Stored
from mesh.tables.compiled import compile_binder, compile_encoder, compile_reader

TABLE = Table(
    "things",
    columns=(
        text("home"),
        blob("place"),
        integer("class"),
        boolean("def"),
        timestamp("when"),
        text("words"),
        blob("data"),
        integer("count"),
        real("ratio"),
        boolean("flag"),
        timestamp("time"),
    ),
    partition_key=("home", "place"),
    clustering_key=("class", "def", "when"),
)
"""Every type in the key and outside; `class` and `def` are Python's own words."""

NAMES = [column.name for column in TABLE.key + TABLE.regular]
WHOLE: dict[str, Value] = {
    "home": "h",
    "place": b"p",
    "class": 0,
    "def": False,
    "when": datetime(2026, 1, 2, 3, 4, 5, 6, UTC),
    "words": "Größe",
    "data": b"",
    "count": -1,
    "ratio": 0.5,
    "flag": True,
    "time": None,
}


class Subclass(str):
    """Text, and not just `str`."""

    __slots__ = ()


anything = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**64), 2**64),
    st.floats(),
    st.text(st.characters(), max_size=5),
    st.binary(max_size=5),
    st.datetimes(timezones=st.sampled_from([None, UTC, timezone(timedelta(hours=5))])),
    st.sampled_from(["x" * (MAX_KEY_BYTES + 1), "é" * MAX_KEY_BYTES, Subclass("s"), "\ud800", -0.0]),
)


@given(st.lists(st.tuples(st.sampled_from(NAMES), anything), max_size=2), st.permutations(NAMES))
@example([("words", "é" * MAX_KEY_BYTES)], NAMES)
def test_an_encoder_gives_what_the_columns_give_or_leaves_it_to_them(
    changed: list[tuple[str, Any]], order: list[str]
) -> None:
    row = {name: {**WHOLE, **dict(changed)}[name] for name in order}
    encoded = compile_encoder(order, TABLE.key, 2, TABLE.regular)(row)
    try:
        key: list[Stored] = [column.encode(row[column.name], "t", MAX_KEY_BYTES) for column in TABLE.key]
        cells = {column.name: column.encode(row[column.name], "t") for column in TABLE.regular}
    except InvalidRow:
        assert encoded is None
        with pytest.raises(InvalidRow):
            row_of(TABLE, row)
        return
    if None in key or key[0] == "" or key[1] == b"":
        assert encoded is None
        with pytest.raises(InvalidRow):
            row_of(TABLE, row)
        return
    assert encoded in (None, (tuple(key), cells))
    bound = compile_binder(order, TABLE.key, 2, TABLE.regular, len)(row)
    assert (bound is None) == (encoded is None)
    if bound is not None:
        # By their texts, since 0.0, -0.0, 0 and False are all equal.
        assert repr(bound[0]) == repr((2, *key, *cells.values()))
        assert bound[1] == sum(len(value) for value in bound[0] if isinstance(value, (str, bytes)))
    assert repr(row_of(TABLE, row)) == repr((tuple(key), cells))


def test_what_nearly_all_callers_hand_in_needs_no_closer_look() -> None:
    assert compile_encoder(list(WHOLE), TABLE.key, 2, TABLE.regular)(WHOLE) is not None


@given(st.lists(st.sampled_from([*NAMES, "strange"]), unique=True))
def test_only_the_columns_that_belong_are_taken_and_those_of_a_key_are_all_there(names: list[str]) -> None:
    values = {name: WHOLE.get(name, "x") for name in names}
    key, partition = {column.name for column in TABLE.key}, {column.name for column in TABLE.partition}
    regular = {column.name for column in TABLE.regular}
    named = set(names)
    checks: list[tuple[Callable[[], object], bool]] = [
        (lambda: key_of(TABLE, values), named == key),
        (lambda: partition_of(TABLE, values), named == partition),
        (lambda: row_of(TABLE, values), key <= named <= key | regular),
        (lambda: changes_of(TABLE, values, TABLE.regular), bool(named) and named <= regular),
        (lambda: expected_of(TABLE, values, TABLE.regular), named <= regular),
    ]
    for check, belongs in checks:
        if belongs:
            assert check() is not None
        else:
            with pytest.raises(InvalidRow):
                check()


@pytest.mark.parametrize("flags", [(0, 1), (False, True)])
def test_a_reader_gives_values_and_leaves_over_what_is_beyond_its_columns(flags: tuple[int | bool, ...]) -> None:
    read = compile_reader(TABLE.columns)
    micros = 1_767_323_045_000_006
    row = read(("h", b"p", 0, flags[0], micros, "Größe", b"", -1, 0.5, flags[1], None, "beyond"))
    assert row == WHOLE
    assert [type(row[name]) for name in ("def", "flag")] == [bool, bool]


@given(st.datetimes(timezones=st.just(UTC)))
def test_times_come_back_to_the_microsecond(time: datetime) -> None:
    encoded = compile_encoder(["time"], (), 0, (timestamp("time"),))({"time": time})
    assert compile_reader((timestamp("time"),))([cast(Any, encoded)[1]["time"]]) == {"time": time}
