"""Reading a dump block by block, off the event loop."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

from mesh.tables import Schema
from mesh.transfer.errors import DumpDamaged
from mesh.transfer.frames import read_frames
from mesh.transfer.shapes import Layout, layouts_of
from mesh.transfer.totals import Totals
from vidmesh.transfer.v1 import dump_pb2


def check(path: Path, schema: Schema) -> tuple[dict[str, Layout], Totals, bytes]:
    """Read the whole file once: how to read it, what is in it, and the digest of all of it.

    Raises DumpUnfinished, DumpDamaged, NewerFormat, SchemaMismatch, OSError. Blocks: call it in a thread.
    """
    layouts: dict[str, Layout] | None = None
    totals, last = Totals(), b""
    for frame, _, digest in read_frames(path):
        last = digest
        match frame.WhichOneof("kind"):
            case "header" if layouts is None:
                layouts = layouts_of(frame.header, schema)
            case "block" if layouts is not None and frame.block.table in layouts:
                totals.add(frame.block)
            case "trailer" if layouts is not None:
                if not totals.are(frame.trailer):
                    raise DumpDamaged(f"{path} does not hold as many rows as its end says")
            case _:
                raise DumpDamaged(f"{path} has frames that do not belong there")
    return layouts or {}, totals, last


async def blocks(path: Path, start: int = 0) -> AsyncIterator[dump_pb2.Block]:
    """Each block of a checked file, leaving out the first `start`."""
    found = _blocks(path)
    number = 0
    while (block := await asyncio.to_thread(next, found, None)) is not None:
        if number >= start:
            yield block
        number += 1


def _blocks(path: Path) -> Iterator[dump_pb2.Block]:
    for frame, _, _ in read_frames(path):
        if frame.HasField("block"):
            yield frame.block
