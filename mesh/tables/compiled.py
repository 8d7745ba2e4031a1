"""Functions that Python compiles for a table, as `namedtuple` does for its fields: checking a row, and reading one.

Every call of a service passes through one of these. Written out they cost a quarter of what loops over the columns do.
Nothing goes into what is compiled but the names of checked declarations, numbers, and the texts below.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final, TypeAlias, cast

from mesh.tables.columns import (
    EPOCH,
    LARGEST_INTEGER,
    MAX_KEY_BYTES,
    MAX_VALUE_BYTES,
    SMALLEST_INTEGER,
    Column,
    ColumnType,
    Row,
    Stored,
    micros_of,
)
from mesh.tables.operations import Values

Encoder: TypeAlias = Callable[[Values], tuple[tuple[Stored, ...], dict[str, Stored]] | None]
"""Stored values of key columns, and of others by their names. None where one is not just what nearly all are: whether
it fits all the same is for a closer look to say."""

Binder: TypeAlias = Callable[[Values], tuple[tuple[Stored, ...], int] | None]
"""The parameters of a statement that writes a row, and about how many bytes they take, as far as it can be much. None
as for an encoder."""

Reader: TypeAlias = Callable[[Sequence[Any]], Row]
"""The row whose cells these are; cells beyond its columns are left over."""

_EMPTIABLE: Final = (ColumnType.TEXT, ColumnType.BLOB)
_FITS: Final = {
    ColumnType.TEXT: "type({x}) is str and len({x}) <= {limit} and ({x}.isascii() or bytes_of({x}) <= {limit})",
    ColumnType.BLOB: "type({x}) is bytes and len({x}) <= {limit}",
    ColumnType.INTEGER: f"type({{x}}) is int and {SMALLEST_INTEGER} <= {{x}} <= {LARGEST_INTEGER}",
    ColumnType.REAL: "type({x}) is float and isfinite({x})",
    ColumnType.BOOLEAN: "({x} is True or {x} is False)",
    ColumnType.TIMESTAMP: "type({x}) is datetime and {x}.tzinfo is UTC",
}
_STORED: Final = {ColumnType.REAL: "{x} + 0.0", ColumnType.TIMESTAMP: "micros_of({x})"}
_READ: Final = {ColumnType.TIMESTAMP: "EPOCH + timedelta(0, 0, {x})", ColumnType.BOOLEAN: "{x} != 0"}


def compile_encoder(
    names: Sequence[str], key: Sequence[Column[Any]], filled: int, others: Sequence[Column[Any]]
) -> Encoder:
    """For mappings with just these names in this order, which are those of the columns.

    The first `filled` of the key are never empty, and none of the key is null.
    """
    lines, stored, _ = _checked("encode", names, key, filled, others)
    cells = ", ".join(f"{column.name!r}: {v}" for column, v in zip(others, stored[len(key) :], strict=True))
    lines.append(f" return {_tuple(stored[: len(key)])}, {{{cells}}}")
    return cast(Encoder, _compiled("\n".join(lines), "encode"))


def compile_binder(
    names: Sequence[str],
    key: Sequence[Column[Any]],
    filled: int,
    others: Sequence[Column[Any]],
    first: Callable[[tuple[Stored, ...]], Stored],
) -> Binder:
    """As an encoder, for all in one tuple: what `first` makes of the first `filled` of the key, the key, the others."""
    lines, stored, sizes = _checked("bind", names, key, filled, others)
    head = f"first({_tuple(stored[:filled])})"
    lines.append(f" return {_tuple([head, *stored])}, {' + '.join(sizes) or 0}")
    return cast(Binder, _compiled("\n".join(lines), "bind", first=first))


def compile_reader(columns: Sequence[Column[Any]]) -> Reader:
    """For cells in the order of these columns: microseconds for times, and for booleans 0 and 1 or themselves."""
    pairs: list[str] = []
    for place, column in enumerate(columns):
        value = cell = f"cells[{place}]"
        if column.type in _READ:
            value = f"None if {cell} is None else {_READ[column.type].format(x=cell)}"
        pairs.append(f"{column.name!r}: {value}")
    return cast(Reader, _compiled(f"def read(cells): return {{{', '.join(pairs)}}}", "read"))


def _checked(
    function: str, names: Sequence[str], key: Sequence[Column[Any]], filled: int, others: Sequence[Column[Any]]
) -> tuple[list[str], list[str], list[str]]:
    """The lines of a function up to its return, and expressions: each column's stored value, and each large one's size.

    The lines give up, by returning None, where a value does not fit.
    """
    places = {name: f"x{place}" for place, name in enumerate(names)}
    lines = [f"def {function}(values):", *([f" {', '.join(places.values())}, = values.values()"] if places else [])]
    stored: list[str] = []
    sizes: list[str] = []
    for place, column in enumerate((*key, *others)):
        x, in_key = places[column.name], place < len(key)
        fits = _FITS[column.type].format(x=x, limit=MAX_KEY_BYTES if in_key else MAX_VALUE_BYTES)
        value, size = _STORED.get(column.type, "{x}").format(x=x), f"len({x})"
        if not in_key:
            fits = f"{x} is None or {fits}"
            value = f"None if {x} is None else {value}" if value != x else x
            size = f"({size} if {x} else 0)"
        elif place < filled and column.type in _EMPTIABLE:
            fits = f"{x} and {fits}"
        lines.append(f" if not ({fits}): return None")
        stored.append(value)
        if column.type in _EMPTIABLE:
            sizes.append(size)
    return lines, stored, sizes


def _tuple(expressions: Sequence[str]) -> str:
    return f"({''.join(f'{one}, ' for one in expressions)})"


def _compiled(source: str, name: str, **known: object) -> object:
    space: dict[str, Any] = {
        "EPOCH": EPOCH,
        "UTC": UTC,
        "bytes_of": _bytes_of,
        "datetime": datetime,
        "isfinite": math.isfinite,
        "micros_of": micros_of,
        "timedelta": timedelta,
        **known,
    }
    exec(source, space)  # noqa: S102 (see the top of this file)
    return space[name]


def _bytes_of(text: str) -> float:
    try:
        return len(text.encode())
    except UnicodeEncodeError:
        return math.inf
