"""Columns: the types every engine can store with equal meaning, and what a value must be to fit.

| type | Python | stored as |
|---|---|---|
| text | str without lone surrogates | UTF-8, ordered by its bytes |
| blob | bytes | bytes, ordered unsigned |
| integer | int | 64 bits, signed |
| real | float, finite | IEEE 754 binary64; -0.0 becomes 0.0 |
| boolean | bool | false before true |
| timestamp | datetime with a time zone | 64-bit microseconds since 1970-01-01T00:00:00Z; read back in UTC |
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import Enum
from typing import Any, Final, Generic, TypeAlias, TypeVar, cast

from mesh.tables.errors import InvalidRow, InvalidSchema

Value: TypeAlias = str | bytes | int | float | bool | datetime | None
"""What a cell holds; None is null."""

Stored: TypeAlias = str | bytes | int | float | bool | None
"""A cell as engines bind it: timestamps have become integers, everything else is checked and unchanged."""

Row: TypeAlias = dict[str, Value]
"""Column name → value. A row that was read has every non-static column of its table, null ones as None."""

MAX_VALUE_BYTES: Final = 4 * 1024 * 1024
"""Largest text or blob, in stored bytes: a quarter of Cassandra's default mutation limit."""

MAX_KEY_BYTES: Final = 8 * 1024
"""Largest text or blob in a key column, in stored bytes."""

SMALLEST_INTEGER: Final = -(2**63)
LARGEST_INTEGER: Final = 2**63 - 1

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)

_DAY_SECONDS: Final = 86_400
_SECOND_MICROS: Final = 1_000_000
_NAME: Final = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")

T_co = TypeVar("T_co", covariant=True)


class ColumnType(Enum):
    """The six storable types; see the module's table."""

    TEXT = "text"
    BLOB = "blob"
    INTEGER = "integer"
    REAL = "real"
    BOOLEAN = "boolean"
    TIMESTAMP = "timestamp"


@dataclass(frozen=True, slots=True)
class Column(Generic[T_co]):
    """One declared column. Make it with `text`, `integer` … below.

    `static` columns hold one value for a whole partition. `since` is the schema version that added the
    column: rows older than that read it as None. `retired` is the version whose code does without it: it stands
    for older code until it is dropped, and cannot be read or written any more.
    """

    name: str
    type: ColumnType
    static: bool = False
    since: int | None = None
    retired: int | None = None

    def __post_init__(self) -> None:
        check_name(self.name, "column")

    def of(self, row: Mapping[str, Value]) -> T_co:
        """This column's value in a row that was read. Raises InvalidRow where it is null or missing."""
        value = row.get(self.name)
        if value is None:
            raise InvalidRow(f"{self.name} is null, and the reader counts on a value")
        return cast(T_co, value)

    def maybe(self, row: Mapping[str, Value]) -> T_co | None:
        """This column's value in a row that was read, or None."""
        return cast("T_co | None", row.get(self.name))

    def encode(self, value: object, table: str, limit: int = MAX_VALUE_BYTES) -> Stored:
        """Check `value` and give its stored form. Raises InvalidRow that names table and column."""
        try:
            return _encode(self.type, value, limit)
        except _UnfitError as unfit:
            raise InvalidRow(f"{table}.{self.name} ({self.type.value}): {unfit}") from None

    def decode(self, stored: Stored) -> Value:
        """The value whose stored form this is."""
        if stored is None:
            return None
        if self.type is ColumnType.TIMESTAMP:
            return time_of(cast(int, stored))
        if self.type is ColumnType.BOOLEAN:
            return bool(stored)
        if self.type is ColumnType.REAL:
            return float(stored)
        return stored


def text(name: str, *, static: bool = False, since: int | None = None, retired: int | None = None) -> Column[str]:
    """A Unicode text column."""
    return Column(name, ColumnType.TEXT, static, since, retired)


def blob(name: str, *, static: bool = False, since: int | None = None, retired: int | None = None) -> Column[bytes]:
    """A bytes column."""
    return Column(name, ColumnType.BLOB, static, since, retired)


def integer(name: str, *, static: bool = False, since: int | None = None, retired: int | None = None) -> Column[int]:
    """A signed 64-bit integer column."""
    return Column(name, ColumnType.INTEGER, static, since, retired)


def real(name: str, *, static: bool = False, since: int | None = None, retired: int | None = None) -> Column[float]:
    """A finite binary64 column. It cannot be part of a key."""
    return Column(name, ColumnType.REAL, static, since, retired)


def boolean(name: str, *, static: bool = False, since: int | None = None, retired: int | None = None) -> Column[bool]:
    """A true-or-false column."""
    return Column(name, ColumnType.BOOLEAN, static, since, retired)


def timestamp(
    name: str, *, static: bool = False, since: int | None = None, retired: int | None = None
) -> Column[datetime]:
    """A point in time, exact to the microsecond."""
    return Column(name, ColumnType.TIMESTAMP, static, since, retired)


def micros_of(time: datetime) -> int:
    """Microseconds since the Unix epoch of an aware datetime, exactly (no float in between)."""
    since = time - EPOCH
    return (since.days * _DAY_SECONDS + since.seconds) * _SECOND_MICROS + since.microseconds


def time_of(micros: int) -> datetime:
    """The aware UTC datetime of microseconds since the Unix epoch."""
    return EPOCH + timedelta(0, 0, micros)


def check_name(name: str, what: str) -> None:
    """Names are lower snake_case of at most 40 characters, single underscores: engines append to them."""
    if len(name) > 40 or not _NAME.fullmatch(name):
        raise InvalidSchema(f"{name!r} is no {what} name: lower snake_case, at most 40 characters")


class _UnfitError(Exception):
    """Why a value does not fit, without the column's name."""


def _encode(kind: ColumnType, value: Any, limit: int) -> Stored:
    stored: Stored
    match kind, value:
        case _, None:
            stored = None
        case ColumnType.TEXT, str():
            stored = _text(value, limit)
        case ColumnType.BLOB, bytes():
            stored = _blob(value, limit)
        case ColumnType.BOOLEAN, bool():
            stored = value
        case ((ColumnType.INTEGER | ColumnType.REAL), bool()):
            raise _UnfitError(f"a boolean is not {kind.value}")
        case ColumnType.INTEGER, int():
            stored = _integer(value)
        case ColumnType.REAL, int() | float():
            stored = _real(value)
        case ColumnType.TIMESTAMP, datetime():
            stored = _timestamp(value)
        case _:
            raise _UnfitError(f"{type(value).__name__} is not {kind.value}")
    return stored


def _blob(value: bytes, limit: int) -> bytes:
    return _sized(bytes(value), len(value), limit)


def _text(value: str, limit: int) -> str:
    try:
        length = len(value) if value.isascii() else len(value.encode())
    except UnicodeEncodeError:
        raise _UnfitError("the text has a lone surrogate, which UTF-8 cannot hold") from None
    return _sized(str(value), length, limit)


Sized = TypeVar("Sized", str, bytes)


def _sized(value: Sized, length: int, limit: int) -> Sized:
    if length > limit:
        raise _UnfitError(f"{length} bytes, at most {limit} fit")
    return value


def _integer(value: int) -> int:
    if not SMALLEST_INTEGER <= value <= LARGEST_INTEGER:
        raise _UnfitError(f"{value} does not fit in 64 bits")
    return int(value)


def _timestamp(value: datetime) -> int:
    if value.utcoffset() is None:
        raise _UnfitError("the datetime has no time zone")
    return micros_of(value)


def _real(value: float) -> float:
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise _UnfitError(f"{value} is not a finite number")
    # Adding zero turns -0.0 into 0.0: SQLite stores both alike and CQL tells them apart in a condition.
    return number + 0.0
