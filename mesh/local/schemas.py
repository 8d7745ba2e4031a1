"""The schemas of the installed services, found by entry point as the commands are: mesh knows no service."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import metadata

from mesh.local.errors import StackError
from mesh.tables import Schema

GROUP = "vidmesh.schemas"


def installed_schemas(names: Sequence[str] = ()) -> list[Schema]:
    """All schemas, or those that are named, by name. Raises `StackError` for a name that none has."""
    points = {point.name: point for point in metadata.entry_points(group=GROUP)}
    if unknown := [name for name in names if name not in points]:
        raise StackError(f"No service is called {unknown[0]}: there are {', '.join(sorted(points))}")
    found: list[Schema] = []
    for name in sorted(names or points):
        schema = points[name].load()
        if not isinstance(schema, Schema):
            raise StackError(f"{points[name].value} is no schema")
        found.append(schema)
    return found
