"""`vidmesh export`."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from mesh.local.dump_places import dump_of, must_exist, tables_pattern, url_of
from mesh.local.errors import StackError
from mesh.local.schemas import installed_schemas
from mesh.tables import Schema, open_tables
from mesh.transfer import Totals, dump

if TYPE_CHECKING:
    import argparse


def run(args: argparse.Namespace) -> int:
    schemas = installed_schemas(args.service)
    pattern = tables_pattern(args.source, args.data)
    urls = {schema.name: url_of(pattern, schema.name, len(schemas) > 1) for schema in schemas}
    for url in urls.values():
        must_exist(url)
    folder: Path = args.to
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if all(dump_of(folder, schema.name).exists() for schema in schemas):
        raise StackError(f"{folder} holds a finished export already: name another folder")
    told: dict[str, dict[str, int]] = {}
    for schema in schemas:
        totals = asyncio.run(_export(schema, urls[schema.name], folder))
        told[schema.name] = dict(totals.rows)
        if not args.json:
            sys.stdout.write(f"{schema.name}: {totals.rows.total()} rows in {dump_of(folder, schema.name)}\n")
    if args.json:
        sys.stdout.write(json.dumps({"folder": str(folder), "rows": told}, indent=1) + "\n")
    return 0


async def _export(schema: Schema, url: str, folder: Path) -> Totals:
    """A dump has its name when it is finished; under that name it is checked and kept."""
    finished = dump_of(folder, schema.name)
    begun = finished.with_name(f"{finished.name}.part")
    async with open_tables(url, schema) as tables:
        if finished.exists():
            return await dump(tables, finished)
        totals = await dump(tables, begun)
    begun.replace(finished)
    return totals
