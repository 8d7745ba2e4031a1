"""Partitions by time: what grows for ever is kept in one partition a day (or hour, or week) of its owner.

The bucket's number is an integer column of the partition key, and the first clustering column is the time:

    VIEWS = Table("views", columns=(text("video"), integer("day"), timestamp("time"), text("id")),
                  partition_key=("video", "day"), clustering_key=(desc("time"), "id"))
    DAYS = Buckets(timedelta(days=1))
    await tables.put(VIEWS, {"video": video, "day": DAYS.of(time), "time": time, "id": id})
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from mesh.tables.checks import check_limit, partition_of
from mesh.tables.columns import ColumnType, Row, blob, integer, micros_of, time_of
from mesh.tables.cursors import fingerprint, read_cursor, write_cursor
from mesh.tables.engine import Page, Tables
from mesh.tables.errors import InvalidQuery, InvalidSchema
from mesh.tables.operations import Values
from mesh.tables.schema import Table

_POSITION: Final = (integer("bucket"), blob("inner"))


@dataclass(frozen=True, slots=True)
class Buckets:
    """Time cut into pieces of equal width, numbered from the Unix epoch."""

    width: timedelta

    def __post_init__(self) -> None:
        if self.width <= timedelta(0):
            raise InvalidSchema(f"buckets of {self.width} have no width")

    def of(self, time: datetime) -> int:
        """The number of the bucket that holds this time."""
        return micros_of(time) // self._micros

    def start(self, bucket: int) -> datetime:
        """The first instant of a bucket."""
        return time_of(bucket * self._micros)

    def newest_first(self, oldest: datetime, newest: datetime) -> range:
        """The numbers of the buckets that meet oldest ≤ time < newest; empty if there is no such time."""
        last = (micros_of(newest) - 1) // self._micros
        return range(last, self.of(oldest) - 1, -1)

    @property
    def _micros(self) -> int:
        return self.width // timedelta(microseconds=1)


async def scan_buckets(
    tables: Tables,
    table: Table,
    partition: Values,
    *,
    bucket: str,
    buckets: Buckets,
    oldest: datetime,
    newest: datetime,
    limit: int,
    cursor: bytes | None = None,
    most_buckets: int = 16,
) -> Page:
    """A page of rows with oldest ≤ time < newest, newest first, across the buckets of one owner.

    `partition` has the partition key's columns except `bucket`. At most `most_buckets` partitions are read,
    so a page may be short, even empty, and still have a cursor: only a None cursor is the end. A cursor is
    good for the same table and partition; the times may change between pages, so `newest` may be the
    present. Raises InvalidRow, InvalidQuery, InvalidCursor.
    """
    _check(table, bucket)
    check_limit(limit)
    check_limit(most_buckets)
    query = fingerprint("buckets", table.name, list(partition_of(table, {**partition, bucket: 0})))
    numbers = buckets.newest_first(oldest, newest)
    inner: bytes | None = None
    if cursor is not None:
        number, held = read_cursor(cursor, query, _POSITION)
        # Times that have moved since leave the numbers before the position, or the position outside.
        numbers = range(min(int(number or 0), numbers.start), numbers.stop, -1)
        inner = held if isinstance(held, bytes) and held and numbers.start == number else None
    rows: list[Row] = []
    for number in numbers[:most_buckets]:
        page = await tables.scan(
            table,
            {**partition, bucket: number},
            start=oldest,
            stop=newest,
            reverse=not table.descending[0],
            limit=limit - len(rows),
            cursor=inner,
        )
        rows += page.rows
        inner = None
        if page.cursor is not None:
            return Page(tuple(rows), write_cursor(query, (number, page.cursor)))
        if len(rows) == limit:
            return _page(rows, query, number - 1, numbers)
    return _page(rows, query, numbers.start - most_buckets, numbers)


def _page(rows: list[Row], query: bytes, following: int, numbers: range) -> Page:
    return Page(tuple(rows), write_cursor(query, (following, b"")) if following in numbers else None)


def _check(table: Table, bucket: str) -> None:
    types = {column.name: column.type for column in table.partition}
    if types.get(bucket) is not ColumnType.INTEGER:
        raise InvalidQuery(f"{table.name}.{bucket} is not an integer column of the partition key")
    if not table.clustering or table.clustering[0].type is not ColumnType.TIMESTAMP:
        raise InvalidQuery(f"{table.name} is not clustered by a timestamp first")
