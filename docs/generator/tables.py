"""One page a service: what it stores."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import Any

from docs.generator.declarations import Declared, declared_tables
from docs.generator.markdown import code, facts, flowing, page, table
from mesh.tables import Schema, Table

GROUP = "vidmesh.schemas"


def table_pages(root: Path) -> dict[str, str]:
    """Every service's page by its path in docs/reference/."""
    schemas: dict[str, Schema] = {point.name: point.load() for point in metadata.entry_points(group=GROUP)}
    return {f"tables/{service}.md": _page(service, schema, root) for service, schema in sorted(schemas.items())}


def _page(service: str, schema: Schema, root: Path) -> str:
    sources = sorted((root / service).rglob("tables.py"))
    declared = declared_tables([*sources, root / "mesh/bus/outbox/table.py"])
    return page(
        f"Tables of {service}",
        f"What `{service}` stores, and nobody else reads or writes: schema version {schema.version}. Why it is so is "
        f"in [its README](../../../{service}/README.md); what the types mean, in "
        "[mesh/tables](../../../mesh/tables/README.md).",
        *(block for one in schema.tables for block in _table(one, declared, root)),
    )


def _table(one: Table, declared: dict[str, list[Declared]], root: Path) -> Iterator[str]:
    found = declared.get(one.name, [])
    if len(found) != 1:
        raise ValueError(f"table {one.name}: declared in {len(found)} places that the generator can read.")
    told = found[0]
    yield f"## {one.name}"
    yield flowing(told.text)
    order = zip(one.clustering, one.descending, strict=True)
    yield facts(
        (
            ("partition key", ", ".join(code(column.name) for column in one.partition)),
            ("order within", ", ".join(code(c.name) + (", largest first" if down else "") for c, down in order)),
            ("rows expire", _expiry(one)),
            ("since version", str(one.since) if one.since > 1 else ""),
            ("declared in", f"[{told.source.relative_to(root)}](../../../{told.source.relative_to(root)})"),
            # Tables and columns may be retired before their data is dropped.
            ("retired", _retired(one)),
        )
    )
    yield table(
        ("column", "type", "", "meaning"),
        (
            (
                code(column.name),
                column.type.value,
                "; ".join(note for note in (_kind(one, column), _retired(column)) if note),
                told.columns.get(column.name, ""),
            )
            for column in one.columns
        ),
    )


def _expiry(one: Table) -> str:
    if not one.expiring:
        return ""
    return "at a time that each row is given" if one.default_ttl is None else f"after {one.default_ttl.days} days"


def _kind(one: Table, column: Any) -> str:
    if column.static:
        return "one value a partition"
    if column in one.key:
        return "key"
    since = one.added_in(column)
    return f"since version {since}" if since > one.since else ""


def _retired(one: object) -> str:
    version = getattr(one, "retired", None)
    return "" if version is None else f"retired in version {version}"
