"""Declarations are checked when they are made."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from mesh.tables import (
    Column,
    InvalidRow,
    InvalidSchema,
    Schema,
    Table,
    asc,
    desc,
    integer,
    real,
    text,
    timestamp,
)

ID = text("id")


def test_a_table_sorts_its_columns_by_their_part() -> None:
    table = Table(
        "t",
        columns=(integer("b"), ID, timestamp("time"), text("s", static=True), text("c")),
        partition_key=("id",),
        clustering_key=(desc("time"), asc("c")),
    )
    assert [column.name for column in table.key] == ["id", "time", "c"]
    assert table.descending == (True, False)
    assert [column.name for column in table.regular] == ["b"]
    assert [column.name for column in table.statics] == ["s"]
    assert not table.expiring


def test_a_default_lifetime_makes_a_table_expiring() -> None:
    assert Table("t", (ID,), ("id",), default_ttl=timedelta(hours=1)).expiring


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        (lambda: Table("t", (ID,), ()), "no partition key"),
        (lambda: Table("t", (ID,), ("no",)), "no is not declared"),
        (lambda: Table("t", (ID, ID), ("id",)), "id is declared twice"),
        (lambda: Table("t", (ID,), ("id",), ("id",)), "id is named twice"),
        (lambda: Table("t", (ID, real("r")), ("id",), ("r",)), "r is real"),
        (lambda: Table("t", (ID, text("s", static=True)), ("id",)), "needs a clustering key"),
        (lambda: Table("t", (ID, text("s", static=True)), ("id",), ("s",)), "s is static"),
        (lambda: Table("t", (ID, text("c", since=2)), ("id",), ("c",)), "c is newer than its table"),
        (lambda: Table("t", (ID, text("c", since=1)), ("id",), since=2), "older than its table"),
        (lambda: Table("t", (ID,), ("id",), since=0), "begin with 1"),
        (lambda: Table("t", (ID,), ("id",), default_ttl=timedelta(0)), "default_ttl"),
        (lambda: Table("T", (ID,), ("id",)), "'T' is no table name"),
        (lambda: Table("t__static", (ID,), ("id",)), "no table name"),
        (lambda: text("_token"), "no column name"),
        (lambda: text("x" * 41), "no column name"),
        (lambda: Schema("s", 1, (Table("t", (ID, text("c", since=2)), ("id",)),)), "since 2"),
        (lambda: Schema("s", 1, (Table("t", (ID,), ("id",)), Table("t", (ID,), ("id",)))), "t is declared twice"),
        (lambda: Schema("s", 0, ()), "version 0"),
    ],
)
def test_a_declaration_that_cannot_be_is_refused(wrong: Callable[[], object], why: str) -> None:
    with pytest.raises(InvalidSchema, match=why):
        wrong()


def test_a_column_reads_its_value_with_its_type() -> None:
    count: Column[int] = integer("count")
    assert count.of({"count": 3}) + 1 == 4
    assert count.maybe({"count": None}) is None
    for row in ({}, {"count": None}):
        with pytest.raises(InvalidRow, match="count"):
            count.of(row)
