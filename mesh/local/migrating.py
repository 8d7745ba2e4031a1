"""`vidmesh migrate`."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from mesh.config import load_settings
from mesh.local.control import data_folder
from mesh.local.datadir import DataDir, StackLock
from mesh.local.dump_places import url_of
from mesh.local.errors import StackError
from mesh.local.last_settings import last_settings
from mesh.local.schemas import installed_schemas
from mesh.tables import AlreadyOpen, Schema
from mesh.tables.opening import migrate_tables, statements_of
from mesh.tables.plans import Plan, contraction, expansion
from mesh.tables.versions import NOTHING

if TYPE_CHECKING:
    import argparse

LEFT_TO_DO: Final = 3
"""Exit code of a dry run that found something to do."""


@dataclass(frozen=True, slots=True)
class Migrated:
    """What was done, or would be, to one service's tables."""

    schema: Schema
    engine: str
    plan: Plan
    statements: dict[str, list[str]]

    @property
    def retired(self) -> list[str]:
        """What still stands and is used by older programmes alone, as table or table.column."""
        found: list[str] = []
        for table in self.schema.tables:
            if (stored := self.plan.after.tables.get(table.name)) is None:
                continue
            if table.retired is not None:
                found.append(table.name)
            found += [f"{table.name}.{c.name}" for c in table.columns if c.retired and c.name in stored["columns"]]
        return found


def run(args: argparse.Namespace) -> int:
    schemas = installed_schemas(args.service)
    pattern = _pattern(args)
    urls = {schema.name: url_of(pattern, schema.name, len(schemas) > 1) for schema in schemas}
    found: list[Migrated] = []
    for schema in schemas:
        found.append(_migrate(schema, urls[schema.name], contract=args.contract, dry_run=args.dry_run))
        if not args.json:
            sys.stdout.writelines(f"{line}\n" for line in _lines(found[-1]))
    left = args.dry_run and not all(one.plan.is_done for one in found)
    if args.json:
        told = {"dry_run": args.dry_run, "left": left, "services": [_as_json(one) for one in found]}
        sys.stdout.write(json.dumps(told, indent=1) + "\n")
    elif left:
        sys.stdout.write("nothing was done: this was a dry run\n")
    return LEFT_TO_DO if left else 0


def _pattern(args: argparse.Namespace) -> str:
    """The URL with `{service}` in it. Raises `StackError` where a running stack holds the files."""
    if args.url is not None:
        return args.url
    named = args.config or (Path(os.environ["VIDMESH_CONFIG"]) if os.environ.get("VIDMESH_CONFIG") else None)
    if named is not None and args.data is None:
        return load_settings(named).tables_url("{service}")
    folder = DataDir(data_folder(args.data))
    pattern = last_settings(folder, "name the tables by --url or --config").tables_url("{service}")
    if urlsplit(pattern).scheme == "sqlite" and StackLock(folder).is_held():
        raise StackError(f"A stack runs on {folder.root}, and its files are its own: stop it by `vidmesh down` first")
    return pattern


def _migrate(schema: Schema, url: str, *, contract: bool, dry_run: bool) -> Migrated:
    planner = contraction if contract else expansion
    try:
        plan = asyncio.run(migrate_tables(url, schema, planner, dry_run=dry_run))
    except AlreadyOpen as error:
        raise StackError(f"The tables of {schema.name} are in use: stop what uses them first ({error})") from error
    return Migrated(schema, urlsplit(url).scheme, plan, statements_of(url, plan))


def _lines(one: Migrated) -> list[str]:
    before, after = one.plan.before, one.plan.after
    stands = "nothing there" if before.version == NOTHING else f"version {before.version}"
    if one.plan.is_done:
        what = f"{stands}, nothing to do"
    elif before.version != after.version:
        what = f"{stands} → {after.version}"
    else:
        what = f"{stands}, dropping what is retired: programmes older than {after.oldest} are refused from now on"
    lines = [f"{one.schema.name} ({one.engine}): {what}"]
    for table, texts in one.statements.items():
        lines += [f"  {table}", *(f"    {text}" for text in texts)]
    if one.retired:
        lines.append(f"  retired, and left for --contract: {', '.join(one.retired)}")
    return lines


def _as_json(one: Migrated) -> dict[str, Any]:
    before, after = one.plan.before, one.plan.after
    return {
        "service": one.schema.name,
        "engine": one.engine,
        "version": before.version,
        "version_after": after.version,
        "oldest": before.oldest,
        "oldest_after": after.oldest,
        "done": one.plan.is_done,
        "statements": one.statements,
        "retired": one.retired,
    }
