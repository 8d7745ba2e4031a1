"""Reading a dump into an empty engine. Every write can be repeated, so a cut-off import begins its block again."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from mesh.tables import Tables, Transferable, UpdateStatic
from mesh.tables.schema import MAX_LIFETIME
from mesh.transfer.errors import NotEmpty
from mesh.transfer.reading import blocks, check
from mesh.transfer.shapes import Layout, expiry_of, read_row
from mesh.transfer.totals import Totals
from vidmesh.client.files import write_private
from vidmesh.transfer.v1 import dump_pb2

AT_ONCE: Final = 32
"""Writes on their way at the same time."""

_NOTE_EVERY: Final = 16


async def load(path: Path, tables: Transferable, journal: Path, target: str) -> Totals:
    """Write everything in the dump at `path`; what it holds by table, expired rows included.

    `journal` is a file that says how far the import into `target` (any name of it) got, and goes when it is done.
    Raises NotEmpty where the target has rows and the journal does not say that they are of this import; what `check`
    raises; and what the engine raises, after which the same call goes on.
    """
    layouts, totals, digest = await asyncio.to_thread(check, path, tables.schema)
    mark = {"dump": digest.hex(), "target": target}
    done = 0
    if not await _is_empty(tables):
        noted = _noted(journal)
        if {name: noted.get(name) for name in mark} != mark:
            raise NotEmpty(f"{target} holds rows of {tables.schema.name} already: an import needs an empty target")
        done = int(str(noted["blocks"]))
    write_private(journal, json.dumps(mark | {"blocks": done}))
    async for block in blocks(path, done):
        if layouts[block.table].is_kept(block.statics):
            await _write(tables, layouts[block.table], block)
        done += 1
        if done % _NOTE_EVERY == 0:
            write_private(journal, json.dumps(mark | {"blocks": done}))
    return totals


async def _is_empty(tables: Transferable) -> bool:
    for table in tables.schema.active:
        page = await tables.walk(table, limit=1)
        statics = await tables.walk_statics(table, limit=1) if table.statics else None
        if page.rows or (statics and (statics.rows or statics.cursor)):
            return False
    return True


def _noted(journal: Path) -> dict[str, object]:
    try:
        return json.loads(journal.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}


async def _write(tables: Tables, layout: Layout, block: dump_pb2.Block) -> None:
    turns = asyncio.Semaphore(AT_ONCE)

    async def one(row: dump_pb2.Row) -> None:
        async with turns:
            await _write_row(tables, layout, row, block.statics)

    try:
        async with asyncio.TaskGroup() as group:
            for row in block.rows:
                group.create_task(one(row))
    except ExceptionGroup as failed:
        # One is enough to know: they are of one engine, and all are repeated.
        raise failed.exceptions[0] from None


async def _write_row(tables: Tables, layout: Layout, row: dump_pb2.Row, statics: bool) -> None:
    table, values = layout.table, read_row(row, layout.columns(statics))
    if statics:
        home = {column.name: values.pop(column.name) for column in table.partition}
        await tables.commit(table, home, UpdateStatic(values))
        return
    ends = expiry_of(row)
    left = None if ends is None else ends - datetime.now(UTC)
    if left is None:
        # A put without a lifetime would give the table's own one.
        await tables.put(table, values, ttl=None if table.default_ttl is None else MAX_LIFETIME)
    elif left.total_seconds() > 0:
        await tables.put(table, values, ttl=left)
