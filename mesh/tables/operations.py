"""The operations that one atomic `Tables.commit` is made of.

All rows belong to the commit's partition, so keys and rows name clustering and regular columns; the
partition's columns may be repeated, with the same values. A row may appear in one operation of a commit
only, and the static columns in one `UpdateStatic`.

An `expect` names columns and the values they must have: None means null. The row must exist besides.
Conditions are judged on what was there before the commit.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TypeAlias

from mesh.tables.columns import Value

Values: TypeAlias = Mapping[str, Value]
"""Column name → value, as callers hand it in: a key, a partition, some columns of a row."""


@dataclass(frozen=True, slots=True)
class Insert:
    """Write a new row. Condition: no row with this key exists."""

    row: Values
    ttl: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Update:
    """Change some columns of a row. Condition: the row exists and `expect` holds. Its lifetime stays."""

    key: Values
    changes: Values
    expect: Values = field(default_factory=dict[str, Value])


@dataclass(frozen=True, slots=True)
class Put:
    """Write the given columns whether or not the row exists. No condition."""

    row: Values
    ttl: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Delete:
    """Remove a row. Without `expect` no condition; with one (even empty) the row must exist and match."""

    key: Values
    expect: Values | None = None


@dataclass(frozen=True, slots=True)
class Check:
    """Change nothing. Condition: the row exists and `expect` holds."""

    key: Values
    expect: Values = field(default_factory=dict[str, Value])


@dataclass(frozen=True, slots=True)
class UpdateStatic:
    """Change static columns of the partition. Condition: `expect` holds (all are null in a new partition)."""

    changes: Values
    expect: Values = field(default_factory=dict[str, Value])


Operation: TypeAlias = Insert | Update | Put | Delete | Check | UpdateStatic
