"""What came out, for people and for programmes."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict

from benchmarks.harness.machine import Machine
from benchmarks.harness.model import Row

_MET = {True: "met", False: "NOT met", None: ""}
_HEADER = ("", "value", "unit", "aim", "")
_RIGHT = 1


def as_json(name: str, machine: Machine, rows: Sequence[Row]) -> str:
    """One object on one line: `{benchmark, machine, rows: [{name, value, unit, aim, met}]}`."""
    told = {
        "benchmark": name,
        "machine": asdict(machine),
        "rows": [
            {
                "name": row.name,
                "value": row.value,
                "unit": row.unit,
                "aim": None if row.aim is None else str(row.aim),
                "met": row.met,
            }
            for row in rows
        ],
    }
    return json.dumps(told, ensure_ascii=False)


def as_table(name: str, title: str, machine: Machine, rows: Sequence[Row]) -> str:
    """Lines for a console."""
    cells = [_HEADER, *(_cells(row) for row in rows)]
    widths = [max(len(row[column]) for row in cells) for column in range(len(_HEADER))]
    lines = [f"{name}: {title}", str(machine)]
    for row in cells:
        line = "  ".join(
            cell.rjust(width) if column == _RIGHT else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        lines.append(f"  {line}".rstrip())
    return "\n".join(lines)


def _cells(row: Row) -> tuple[str, ...]:
    return row.name, _figure(row.value), row.unit, "" if row.aim is None else str(row.aim), _MET[row.met]


def _figure(value: float | None) -> str:
    """Three digits that count, and all those before the point; what could not be measured is said not to be here."""
    if value is None:
        return "not here"
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}" if abs(value) >= 1 else f"{value:.3f}"
