"""`vidmesh import`."""

from __future__ import annotations

import asyncio
import hashlib
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from mesh.local.dump_places import dump_of, must_exist, tables_pattern, url_of
from mesh.local.errors import StackError
from mesh.local.schemas import installed_schemas
from mesh.tables import Schema, open_tables
from mesh.transfer import Report, compare, load

if TYPE_CHECKING:
    import argparse


def run(args: argparse.Namespace) -> int:
    folder: Path = args.source
    schemas = [schema for schema in installed_schemas(args.service) if dump_of(folder, schema.name).exists()]
    if len(schemas) < max(1, len(args.service)):
        raise StackError(f"{folder} holds no finished export of what is asked for")
    pattern = tables_pattern(args.target, args.data)
    urls = {schema.name: url_of(pattern, schema.name, len(schemas) > 1) for schema in schemas}
    if args.verify:
        for url in urls.values():
            must_exist(url)
    told: dict[str, dict[str, object]] = {}
    for schema in schemas:
        report = asyncio.run(_import(schema, urls[schema.name], folder, write=not args.verify))
        told[schema.name] = {"same": report.same, "equal": report.equal, "summary": report.sentence()}
        if not args.json:
            sys.stdout.write(f"{schema.name}: {report.sentence()}\n")
    if args.json:
        sys.stdout.write(json.dumps(told, indent=1) + "\n")
    return 0 if all(one["same"] for one in told.values()) else 1


async def _import(schema: Schema, url: str, folder: Path, *, write: bool) -> Report:
    path = dump_of(folder, schema.name)
    # A name of the target that gives no password away.
    target = hashlib.sha256(url.encode()).hexdigest()[:16]
    journal = folder / f".{schema.name}.{target}.progress"
    async with open_tables(url, schema) as tables:
        if write:
            await load(path, tables, journal, f"the target ({target})")
        report = await compare(path, tables)
    if report.same:
        # Kept until then: a target with rows and no note of them is refused.
        journal.unlink(missing_ok=True)
    return report
