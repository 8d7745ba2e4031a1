"""The engine protocol: all that a service may do with its tables, on whichever engine.

Whatever SQLite could do and CQL could not is missing on purpose: no joins, no secondary indexes, no
conditions or atomicity across partitions, no counting.

Common to all operations:

- `table` is one of the opened schema's own objects; another raises InvalidQuery.
- A key or partition names exactly its columns, none of them null; anything else raises InvalidRow.
- When a write returns, it is durable (synced to disk, or acknowledged by a quorum), unless the call says
  otherwise; a read that starts afterwards sees it.
- Unavailable, Overloaded and Closed may come out of every operation (see errors.py). A caller that is
  cancelled does not know whether its write was applied, as with Unavailable.
- A row whose lifetime has passed is absent to every operation at once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Protocol, TypeAlias

from mesh.tables.columns import Row, Value
from mesh.tables.operations import Operation, Values
from mesh.tables.schema import Schema, Table

MAX_LIMIT: Final = 1000
"""Most rows a page may ask for, and most keys of one `get_many`."""

MAX_EXAMINED: Final = 10_000
"""Most rows one filtered page may examine."""

MAX_OPERATIONS: Final = 100
"""Most operations of one `commit`."""

Where: TypeAlias = Mapping[str, Value] | Callable[[Row], bool]
"""A filter: columns that must have these values (None: null), or a pure predicate on the row."""


@dataclass(frozen=True, slots=True)
class Page:
    """Some rows, and where to go on: `cursor` is None exactly when nothing more follows.

    A cursor is opaque and holds the position of the last row that was looked at, so it stays good for as
    long as the table exists, whatever is written or deleted meanwhile. It carries key values in the clear:
    sign or seal it before it leaves the service.
    """

    rows: tuple[Row, ...]
    cursor: bytes | None


@dataclass(frozen=True, slots=True)
class TokenRange:
    """A share of a whole-table walk: the partitions whose token t has start < t ≤ stop."""

    start: int
    stop: int


class Tables(Protocol):
    """An opened schema on some engine."""

    @property
    def schema(self) -> Schema:
        """The schema it was opened with."""
        ...

    async def get(self, table: Table, key: Values) -> Row | None:
        """The row with this key, or None."""
        ...

    async def get_many(self, table: Table, keys: Sequence[Values]) -> list[Row | None]:
        """The rows with these keys (at most MAX_LIMIT), in the order asked for; not one snapshot."""
        ...

    async def put(self, table: Table, row: Values, *, ttl: timedelta | None = None, durable: bool = True) -> None:
        """Write the given columns whether or not the row exists; None clears a column.

        Columns that are not named stay as they are, but in an expiring table become null. `ttl` replaces
        the row's lifetime (the table's default where None) and needs an expiring table. With
        `durable=False` the write is atomic and in order but may be lost, together with later such writes,
        when power fails. Do not mix with conditional writes of the same row: clocks of CQL nodes decide.
        """
        ...

    async def insert(self, table: Table, row: Values, *, ttl: timedelta | None = None) -> bool:
        """Write a new row; False, and nothing written, where the key exists already."""
        ...

    async def update(self, table: Table, key: Values, changes: Values, *, expect: Values) -> bool:
        """Compare and set: change columns if the row exists and every expected column is equal.

        None expects null; an empty `expect` asks for existence alone. The row's lifetime stays.
        """
        ...

    async def commit(self, table: Table, partition: Values, *operations: Operation) -> bool:
        """Apply all operations on one partition atomically, or none: False when any condition fails.

        Raises InvalidQuery for no operations, more than MAX_OPERATIONS, or two on the same row.
        """
        ...

    async def delete(self, table: Table, key: Values, *, expect: Values | None = None) -> bool:
        """Remove a row. Blind without `expect`: always True. With one, False unless it exists and matches."""
        ...

    async def delete_partition(self, table: Table, partition: Values) -> None:
        """Remove all rows and static values of a partition."""
        ...

    async def get_static(self, table: Table, partition: Values) -> Row:
        """The partition's static columns, None where never written, which an unknown partition has too."""
        ...

    async def scan(
        self,
        table: Table,
        partition: Values,
        *,
        prefix: Values | None = None,
        start: Value = None,
        stop: Value = None,
        reverse: bool = False,
        limit: int,
        cursor: bytes | None = None,
    ) -> Page:
        """A page of a partition's rows in the clustering order, or against it with `reverse`.

        `prefix` fixes the leading clustering columns. `start` ≤ value < `stop` bounds the column after
        those, in terms of values whatever the order. Each row that existed throughout a paging is seen
        exactly once. A cursor is good for the same table, partition, prefix and direction; limit and
        bounds may change between pages. Raises InvalidCursor, InvalidQuery.
        """
        ...

    async def scan_filtered(
        self,
        table: Table,
        partition: Values,
        *,
        where: Where,
        examine_limit: int,
        prefix: Values | None = None,
        start: Value = None,
        stop: Value = None,
        reverse: bool = False,
        limit: int,
        cursor: bytes | None = None,
    ) -> Page:
        """As `scan`, keeping the rows that fit `where`.

        It examines at most `examine_limit` rows, so a page may be short, even empty, and still have a
        cursor: only a None cursor is the end. Cursors are interchangeable with those of `scan`.
        """
        ...

    async def walk(
        self, table: Table, *, limit: int, cursor: bytes | None = None, within: TokenRange | None = None
    ) -> Page:
        """A page of all rows of a table, for rebuilds and exports: a partition's rows come together.

        Each row that existed throughout is seen exactly once. `within` keeps to one share of `token_ranges`;
        a cursor is good for the same share.
        """
        ...

    def token_ranges(self, shares: int) -> list[TokenRange]:
        """Split a walk into this many shares (1 to 4096) that several workers can take apart."""
        ...

    async def close(self) -> None:
        """Finish the writes that were accepted and let go of the data. Safe to call twice."""
        ...


class Transferable(Tables, Protocol):
    """What exports need besides: every engine has it, and no service uses it."""

    async def expiries(self, table: Table, keys: Sequence[Values]) -> list[datetime | None]:
        """When rows (at most MAX_LIMIT) end by themselves; None for never, and for rows that are not there."""
        ...

    async def walk_statics(self, table: Table, *, limit: int, cursor: bytes | None = None) -> Page:
        """A page of partitions that have a static value, each a row of its key and all static columns.

        As `walk`, but a partition without rows is found too. A page may be short. Raises InvalidQuery for a table
        without static columns.
        """
        ...
