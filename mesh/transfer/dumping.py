"""Writing a dump: section by section, page by page, going on behind the last whole block of an earlier attempt."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from mesh.tables import Page, Schema, SchemaMismatch, Table, Transferable
from mesh.transfer.errors import DumpDamaged, DumpUnfinished
from mesh.transfer.frames import FrameWriter, read_frames
from mesh.transfer.shapes import Layout, header_of, layouts_here, layouts_of, write_row
from mesh.transfer.totals import Totals
from vidmesh.transfer.v1 import dump_pb2

PAGE: Final = 64
"""Rows of one block, all of which are in memory at once: 256 MB if every row were as large as can be."""

_SYNC_EVERY: Final = 256


@dataclass(slots=True)
class _Begun:
    """What an earlier attempt has left."""

    frames: int = 0
    offset: int = 0
    digest: bytes = bytes(32)
    totals: Totals = field(default_factory=Totals)
    latest: dump_pb2.Block | None = None
    ended: bool = False


async def dump(tables: Transferable, path: Path) -> Totals:
    """Write all tables to `path`, or what a cut-off attempt has left to write.

    Each row that exists throughout is in it once; rows that change meanwhile are as they were at some moment: stop
    whoever writes if the file is to be of one moment. A file that is finished already is left as it is. Raises
    DumpDamaged and SchemaMismatch where what is there cannot be gone on with, and what the engine raises.
    """
    schema = tables.schema
    begun = await asyncio.to_thread(_begun, path, schema)
    if begun.ended:
        return begun.totals
    layouts = layouts_here(schema)
    with FrameWriter(path, begun.offset, begun.digest) as file:
        if not begun.frames:
            await asyncio.to_thread(file.write, dump_pb2.Frame(header=header_of(schema, datetime.now(UTC))))
        written = 0
        for table, statics, cursor in _left(schema, begun.latest):
            after: bytes | None = cursor
            while True:
                page = await _page(tables, table, statics, after)
                block = await _block(tables, layouts[table.name], statics, page)
                begun.totals.add(block)
                await asyncio.to_thread(file.write, dump_pb2.Frame(block=block))
                written += 1
                if written % _SYNC_EVERY == 0:
                    await asyncio.to_thread(file.sync)
                after = page.cursor
                if after is None:
                    break
        await asyncio.to_thread(file.write, dump_pb2.Frame(trailer=begun.totals.trailer(schema)))
        await asyncio.to_thread(file.sync)
    return begun.totals


async def _page(tables: Transferable, table: Table, statics: bool, cursor: bytes | None) -> Page:
    if statics:
        return await tables.walk_statics(table, limit=PAGE, cursor=cursor)
    return await tables.walk(table, limit=PAGE, cursor=cursor)


async def _block(tables: Transferable, layout: Layout, statics: bool, page: Page) -> dump_pb2.Block:
    table = layout.table
    expiries: Sequence[datetime | None] = [None] * len(page.rows)
    if table.expiring and not statics:
        keys = [{column.name: row[column.name] for column in table.key} for row in page.rows]
        expiries = await tables.expiries(table, keys)
    columns = layout.columns(statics)
    return dump_pb2.Block(
        table=table.name,
        statics=statics,
        rows=[write_row(row, columns, ends) for row, ends in zip(page.rows, expiries, strict=True)],
        cursor=page.cursor or b"",
    )


def _left(schema: Schema, latest: dump_pb2.Block | None) -> list[tuple[Table, bool, bytes | None]]:
    """The sections that are still to be written, and where the first of them goes on."""
    sections = [
        (table, statics) for table in schema.active for statics in ((False, True) if table.statics else (False,))
    ]
    if latest is None:
        return [(*section, None) for section in sections]
    place = [(table.name, statics) for table, statics in sections].index((latest.table, latest.statics))
    left: list[tuple[Table, bool, bytes | None]] = [(*section, None) for section in sections[place + 1 :]]
    return [(*sections[place], latest.cursor), *left] if latest.cursor else left


def _begun(path: Path, schema: Schema) -> _Begun:
    begun = _Begun()
    if not path.exists():
        return begun
    try:
        for frame, offset, digest in read_frames(path):
            _follow(begun, frame, schema)
            begun.frames, begun.offset, begun.digest = begun.frames + 1, offset, digest
    except DumpUnfinished:
        pass
    return begun


def _follow(begun: _Begun, frame: dump_pb2.Frame, schema: Schema) -> None:
    match frame.WhichOneof("kind"):
        case "header" if not begun.frames:
            layouts_of(frame.header, schema)
            if frame.header.schema_version != schema.version:
                raise SchemaMismatch(
                    f"the export of {schema.name} was begun at version {frame.header.schema_version}, and now it is "
                    f"{schema.version}: begin another"
                )
        case "block" if begun.frames:
            begun.totals.add(frame.block)
            begun.latest = frame.block
        case "trailer" if begun.frames:
            begun.ended = True
        case _:
            raise DumpDamaged(f"the dump of {schema.name} has frames that do not belong there")
