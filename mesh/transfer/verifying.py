"""Comparing a dump with an engine, row by row in both directions."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from mesh.tables import Page, Row, Table, Transferable
from mesh.transfer.reading import blocks, check
from mesh.transfer.shapes import Layout, expiry_of, read_row
from vidmesh.transfer.v1 import dump_pb2

EXPIRY_TOLERANCE: Final = timedelta(seconds=5)
"""What an import may add to a row's end: the time from looking at the clock to writing."""

_PAGE: Final = 1000


@dataclass(slots=True)
class Report:
    """What is not the same. `equal` is the number of rows that are, static values included."""

    equal: int = 0
    different: dict[str, int] = field(default_factory=dict[str, int])
    """By table: rows that are missing or have other values."""
    extra: dict[str, int] = field(default_factory=dict[str, int])
    """By table: rows that the engine has and the dump has not."""

    @property
    def same(self) -> bool:
        """Whether the engine holds exactly what the dump holds."""
        return not self.different and not self.extra

    def sentence(self) -> str:
        """Which tables differ, and by how much; it names no value."""
        parts = [f"{count} rows of {table} are missing or differ" for table, count in self.different.items()]
        parts += [f"{count} rows of {table} are not in the dump" for table, count in self.extra.items()]
        return "; ".join(parts) or f"all {self.equal} rows are the same"


async def compare(path: Path, tables: Transferable) -> Report:
    """Look up every row of the dump at `path`, then count what else there is. Raises as `check` and the engine do."""
    layouts, _, _ = await asyncio.to_thread(check, path, tables.schema)
    report = Report()
    found: dict[tuple[str, bool], int] = {}
    async for block in blocks(path):
        if not layouts[block.table].is_kept(block.statics):
            continue
        equal, there, wanted = await _compare(tables, layouts[block.table], block)
        report.equal += equal
        place = (block.table, block.statics)
        found[place] = found.get(place, 0) + there
        if wanted > equal:
            report.different[block.table] = report.different.get(block.table, 0) + wanted - equal
    for table in tables.schema.active:
        for statics in (False, True) if table.statics else (False,):
            more = await _count(tables, table, statics) - found.get((table.name, statics), 0)
            if more > 0:
                report.extra[table.name] = report.extra.get(table.name, 0) + more
    return report


async def _compare(tables: Transferable, layout: Layout, block: dump_pb2.Block) -> tuple[int, int, int]:
    """Rows that are equal, that are there at all, and that should be."""
    table = layout.table
    now = datetime.now(UTC)
    wanted = [
        (read_row(row, layout.columns(block.statics)), expiry_of(row))
        for row in block.rows
        if (ends := expiry_of(row)) is None or ends > now + EXPIRY_TOLERANCE
    ]
    if block.statics:
        homes = [{column.name: row[column.name] for column in table.partition} for row, _ in wanted]
        statics = await asyncio.gather(*(tables.get_static(table, home) for home in homes))
        there = [any(value is not None for value in row.values()) for row in statics]
        same = [_holds({**home, **row}, want) for home, row, (want, _) in zip(homes, statics, wanted, strict=True)]
        return sum(same), sum(there), len(wanted)
    keys = [{column.name: row[column.name] for column in table.key} for row, _ in wanted]
    rows = await tables.get_many(table, keys)
    expiries = await tables.expiries(table, keys)
    equal = sum(
        row is not None and _holds(row, want) and _ends_alike(table, ends, expiry)
        for row, expiry, (want, ends) in zip(rows, expiries, wanted, strict=True)
    )
    return equal, sum(row is not None for row in rows), len(wanted)


def _holds(row: Row, want: Row) -> bool:
    """Columns that are newer than the dump are null."""
    return all(value == want.get(name) for name, value in row.items())


def _ends_alike(table: Table, want: datetime | None, have: datetime | None) -> bool:
    if want is None or have is None:
        # A row for ever in a table with a lifetime of its own is given the longest there is.
        return want is have or (want is None and table.default_ttl is not None)
    return abs(have - want) <= EXPIRY_TOLERANCE


async def _count(tables: Transferable, table: Table, statics: bool) -> int:
    number, cursor = 0, None
    soon = datetime.now(UTC) + EXPIRY_TOLERANCE
    while True:
        page = await _page(tables, table, statics, cursor)
        number += len(page.rows)
        if table.expiring and not statics:
            keys = [{column.name: row[column.name] for column in table.key} for row in page.rows]
            ends = await tables.expiries(table, keys)
            number -= sum(end is not None and end <= soon for end in ends)
        if (cursor := page.cursor) is None:
            return number


async def _page(tables: Transferable, table: Table, statics: bool, cursor: bytes | None) -> Page:
    if statics:
        return await tables.walk_statics(table, limit=_PAGE, cursor=cursor)
    return await tables.walk(table, limit=_PAGE // 10, cursor=cursor)
