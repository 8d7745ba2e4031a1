"""Rows are written by the same statements, whichever way they were checked."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from mesh.tables import InvalidRow, Table, integer, text, timestamp
from mesh.tables.checks import row_of
from mesh.tables.sqlite_rows import Rows
from mesh.tables.sqlite_statements import Statements

COLUMNS = (text("home"), timestamp("time"), text("words"), integer("count"))
LASTING = Table("lasting", COLUMNS, ("home",), ("time",))
EXPIRING = Table("expiring", COLUMNS, ("home",), ("time",), default_ttl=timedelta(days=1))
NOW = 1_767_323_045_000_006
THEN = NOW + 1

TIME = datetime(2026, 1, 2, 3, 4, 5, 6, UTC)
USUAL: list[dict[str, Any]] = [
    {"home": "h", "time": TIME, "words": "Größe", "count": 1},
    {"count": None, "words": None, "time": TIME, "home": "h"},
    {"home": "h", "time": TIME},
]
UNUSUAL: list[dict[str, Any]] = [
    {"home": "h", "time": TIME.astimezone(timezone(timedelta(hours=5))), "words": "in another zone"},
]


@pytest.mark.parametrize("table", [LASTING, EXPIRING], ids=lambda table: table.name)
@pytest.mark.parametrize("row", USUAL + UNUSUAL)
def test_a_row_becomes_what_it_becomes_step_by_step(table: Table, row: dict[str, Any]) -> None:
    statements = Statements(table)
    key, cells = row_of(table, row)
    rows = Rows(table, statements)
    for _ in range(2):
        assert rows.put(row, THEN)[:2] == statements.put(key, cells, THEN)
        text, values, size = rows.insert(row, THEN, NOW)
        assert (text, values) == statements.insert(key, cells, THEN, NOW)
        assert size == 1 + len(row.get("words") or "")


@pytest.mark.parametrize(
    "row",
    [{}, {"home": "h"}, {**USUAL[0], "strange": 1}, {**USUAL[0], "home": ""}, {**USUAL[0], "count": "one"}],
)
def test_a_row_that_does_not_fit_is_refused(row: dict[str, Any]) -> None:
    rows = Rows(LASTING, Statements(LASTING))
    with pytest.raises(InvalidRow):
        rows.put(row, None)
    with pytest.raises(InvalidRow):
        rows.insert(row, None, NOW)
