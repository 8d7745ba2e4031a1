"""Declarations: tables, their keys and a service's whole schema, checked when they are made.

    UPLOADS = Table(
        "uploads",
        columns=(text("channel"), timestamp("created"), text("id"), integer("bytes")),
        partition_key=("channel",),
        clustering_key=(desc("created"), "id"),
    )
    SCHEMA = Schema("svc_upload", version=1, tables=(UPLOADS,))

All rows with an equal partition key form one partition: they live together, are ordered by the clustering
key, and are what one atomic `commit` may change. Nothing can be looked up but by key.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final

from mesh.tables.columns import Column, ColumnType, check_name
from mesh.tables.errors import InvalidSchema

MAX_LIFETIME: Final = timedelta(days=20 * 365)
"""Longest time to live, which is CQL's."""


@dataclass(frozen=True, slots=True)
class Clustering:
    """One column of a clustering key with the order its rows are kept in."""

    name: str
    descending: bool = False


def asc(name: str) -> Clustering:
    """Smallest first, which a bare name means too."""
    return Clustering(name)


def desc(name: str) -> Clustering:
    """Largest first: newest first for a timestamp."""
    return Clustering(name, descending=True)


@dataclass(frozen=True, eq=False)
class Table:
    """One declared table.

    `partition_key` and `clustering_key` name columns; together they identify a row. Without a clustering
    key a partition holds one row. `expiring` rows may have a time to live, `default_ttl` where a write
    gives none (it implies `expiring`); in such a table a put replaces the whole row, because a lifetime
    belongs to a row and CQL counts it per cell. Static values never expire. `since` is the schema version
    that added the table, `retired` the one whose code does without it.
    """

    name: str
    columns: tuple[Column[Any], ...]
    partition_key: tuple[str, ...]
    clustering_key: tuple[str | Clustering, ...] = ()
    default_ttl: timedelta | None = None
    expiring: bool = False
    since: int = 1
    retired: int | None = None

    partition: tuple[Column[Any], ...] = field(init=False, repr=False)
    """The partition key's columns."""
    clustering: tuple[Column[Any], ...] = field(init=False, repr=False)
    """The clustering key's columns."""
    descending: tuple[bool, ...] = field(init=False, repr=False)
    """For each clustering column, whether its order is descending."""
    regular: tuple[Column[Any], ...] = field(init=False, repr=False)
    """The columns that are neither key nor static nor retired."""
    statics: tuple[Column[Any], ...] = field(init=False, repr=False)
    """The static columns that are not retired."""

    def __post_init__(self) -> None:
        check_name(self.name, "table")
        by_name = {column.name: column for column in self.columns}
        order = [Clustering(c) if isinstance(c, str) else c for c in self.clustering_key]
        key = [*self.partition_key, *(c.name for c in order)]
        self._check(by_name, key)
        settled = {
            "partition": tuple(by_name[name] for name in self.partition_key),
            "clustering": tuple(by_name[c.name] for c in order),
            "descending": tuple(c.descending for c in order),
            "regular": tuple(c for c in self.columns if c.name not in key and not c.static and c.retired is None),
            "statics": tuple(c for c in self.columns if c.static and c.retired is None),
            "expiring": self.expiring or self.default_ttl is not None,
        }
        for name, value in settled.items():
            object.__setattr__(self, name, value)

    @property
    def key(self) -> tuple[Column[Any], ...]:
        """The columns that identify a row: partition key, then clustering key."""
        return self.partition + self.clustering

    def added_in(self, column: Column[Any]) -> int:
        """The schema version that added `column`."""
        return self.since if column.since is None else column.since

    def _check(self, by_name: dict[str, Column[Any]], key: list[str]) -> None:
        def refuse(sentence: str) -> None:
            raise InvalidSchema(f"table {self.name}: {sentence}")

        if repeated := _repeated(column.name for column in self.columns):
            refuse(f"column {repeated} is declared twice")
        if not self.partition_key:
            refuse("there is no partition key")
        if repeated := _repeated(key):
            refuse(f"key column {repeated} is named twice")
        for name in key:
            column = by_name.get(name)
            if column is None:
                refuse(f"key column {name} is not declared")
            elif column.static:
                refuse(f"key column {name} is static")
            elif column.type is ColumnType.REAL:
                refuse(f"key column {name} is real, and equality of reals identifies nothing")
            elif column.since not in (None, self.since):
                refuse(f"key column {name} is newer than its table")
            elif column.retired is not None:
                refuse(f"key column {name} is retired, and a key never changes")
        if not self.clustering_key and any(column.static for column in self.columns):
            refuse("a static column needs a clustering key")
        if self.default_ttl is not None and not timedelta(0) < self.default_ttl <= MAX_LIFETIME:
            refuse(f"default_ttl is {self.default_ttl}, outside of 0 to {MAX_LIFETIME}")
        if wrong := self._wrong_version():
            refuse(wrong)

    def _wrong_version(self) -> str | None:
        if self.since < 1 or any(self.added_in(column) < self.since for column in self.columns):
            return "versions begin with 1, and no column is older than its table"
        for what, since, retired in [
            ("it", self.since, self.retired),
            *((f"column {column.name}", self.added_in(column), column.retired) for column in self.columns),
        ]:
            if retired is not None and retired <= since:
                return f"{what} is retired before there was a version with it"
        return None


@dataclass(frozen=True, eq=False)
class Schema:
    """Everything one service stores, at one version.

    A new version adds tables or non-key columns, each marked `since` that version, and retires what its code does
    without, marked `retired`. Opening data of the version before adds what is missing; what is retired stands beside
    it until `vidmesh migrate --contract`. Code one version older may run on the same data until then; data that is
    further ahead is refused. What is retired stays declared as long as there may be data that holds it.
    """

    name: str
    version: int
    tables: tuple[Table, ...]

    active: tuple[Table, ...] = field(init=False, repr=False)
    """The tables that are not retired: those that can be used."""

    def __post_init__(self) -> None:
        check_name(self.name, "schema")
        if repeated := _repeated(table.name for table in self.tables):
            raise InvalidSchema(f"schema {self.name}: table {repeated} is declared twice")
        newest = max((version for table in self.tables for version in _versions(table)), default=1)
        if self.version < max(1, newest):
            raise InvalidSchema(
                f"schema {self.name}: version {self.version}, but something is since {newest} or retired then"
            )
        object.__setattr__(self, "active", tuple(table for table in self.tables if table.retired is None))


def _versions(table: Table) -> Iterable[int]:
    yield table.since
    yield table.retired or 1
    for column in table.columns:
        yield table.added_in(column)
        yield column.retired or 1


def _repeated(names: Iterable[str]) -> str | None:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            return name
        seen.add(name)
    return None
