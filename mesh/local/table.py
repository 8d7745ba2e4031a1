"""The table of processes of a one-machine stack."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mesh.local.errors import StackError
from mesh.local.parts.bus import bus_parts
from mesh.local.parts.edge import edge_parts
from mesh.local.parts.objects import objects_parts
from mesh.local.parts.services import service_parts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mesh.local.part import Part
    from mesh.local.plan import Plan


def process_table(plan: Plan, only: Sequence[str] = ()) -> tuple[Part, ...]:
    """The parts of this plan, what others stand on first: all, or those that are named.

    Raises `StackError` for a name that no part has.
    """
    parts = (*bus_parts(plan), *objects_parts(plan), *service_parts(plan), *edge_parts(plan))
    if unknown := set(only) - {part.name for part in parts}:
        names = ", ".join(part.name for part in parts)
        raise StackError(f"There is no part named {', '.join(sorted(unknown))}; there are {names}")
    return tuple(part for part in parts if not only or part.name in only)
