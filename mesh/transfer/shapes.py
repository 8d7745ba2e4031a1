"""Declarations and cells, as a dump holds them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from google.protobuf.timestamp_pb2 import Timestamp

from mesh.tables import Column, ColumnType, NewerFormat, Row, Schema, Table, Value
from mesh.tables.columns import micros_of, time_of
from mesh.tables.versions import Standing, check_standing
from mesh.transfer.errors import DumpDamaged
from vidmesh.transfer.v1 import dump_pb2

FORMAT: Final = 1
"""Version of the file format that this module reads and writes."""

_TYPES: Final = {
    ColumnType.TEXT: dump_pb2.COLUMN_TYPE_TEXT,
    ColumnType.BLOB: dump_pb2.COLUMN_TYPE_BLOB,
    ColumnType.INTEGER: dump_pb2.COLUMN_TYPE_INTEGER,
    ColumnType.REAL: dump_pb2.COLUMN_TYPE_REAL,
    ColumnType.BOOLEAN: dump_pb2.COLUMN_TYPE_BOOLEAN,
    ColumnType.TIMESTAMP: dump_pb2.COLUMN_TYPE_TIMESTAMP,
}
_KINDS: Final = {number: kind for kind, number in _TYPES.items()}


@dataclass(frozen=True, slots=True)
class Layout:
    """Which columns the cells of a block's rows belong to."""

    table: Table
    rows: tuple[Column[Any], ...]
    statics: tuple[Column[Any], ...]

    def columns(self, statics: bool) -> tuple[Column[Any], ...]:
        """Those of rows, or of static values."""
        return self.statics if statics else self.rows

    def is_kept(self, statics: bool) -> bool:
        """Whether there is still a place for rows, or for static values: their table or columns may be retired."""
        return self.table.retired is None and (bool(self.table.statics) or not statics)


def header_of(schema: Schema, now: datetime) -> dump_pb2.Header:
    """The header of a dump of these tables."""
    header = dump_pb2.Header(format=FORMAT, schema=schema.name, schema_version=schema.version)
    header.create_time.FromDatetime(now)
    header.tables.extend(_shape(table) for table in schema.active)
    return header


def layouts_of(header: dump_pb2.Header, schema: Schema) -> dict[str, Layout]:
    """How to read a dump into `schema`.

    Raises NewerFormat where the dump is ahead of this programme, SchemaMismatch where it is of another schema, and
    DumpDamaged where it says nothing that can be understood.
    """
    if header.format > FORMAT:
        raise NewerFormat(
            f"the dump of {header.schema} has format {header.format}, and this programme knows {FORMAT}: "
            "use the version that wrote it, or a newer one"
        )
    try:
        stored = {shape.name: _declaration(shape) for shape in header.tables}
    except KeyError as error:
        raise DumpDamaged(f"the dump of {header.schema} has a column of unknown type {error}") from None
    # A dump is taken by its own version and newer ones.
    check_standing(schema, Standing(header.schema, header.schema_version, header.schema_version, stored))
    by_name = {table.name: table for table in schema.tables}
    return {shape.name: _layout(by_name[shape.name], shape) for shape in header.tables}


def layouts_here(schema: Schema) -> dict[str, Layout]:
    """How to write a dump of `schema`."""
    return {
        table.name: Layout(table, table.key + table.regular, table.partition + table.statics) for table in schema.active
    }


def write_row(row: Row, columns: Sequence[Column[Any]], expires: datetime | None = None) -> dump_pb2.Row:
    """A row as a dump holds it."""
    written = dump_pb2.Row(cells=[_cell(column, row[column.name]) for column in columns])
    if expires is not None:
        # Through integers: a float would lose microseconds.
        seconds, micros = divmod(micros_of(expires), 1_000_000)
        written.expire_time.CopyFrom(Timestamp(seconds=seconds, nanos=micros * 1000))
    return written


def read_row(row: dump_pb2.Row, columns: Sequence[Column[Any]]) -> Row:
    """The row that a dump holds, without what is retired since. Raises DumpDamaged."""
    if len(row.cells) != len(columns):
        raise DumpDamaged(f"a row has {len(row.cells)} cells for {len(columns)} columns")
    cells = zip(columns, row.cells, strict=True)
    return {column.name: _value(column, cell) for column, cell in cells if column.retired is None}


def expiry_of(row: dump_pb2.Row) -> datetime | None:
    """When a row of a dump ends by itself."""
    if not row.HasField("expire_time"):
        return None
    return time_of(row.expire_time.seconds * 1_000_000 + row.expire_time.nanos // 1000).astimezone(UTC)


def _shape(table: Table) -> dump_pb2.TableShape:
    return dump_pb2.TableShape(
        name=table.name,
        partition_key=[column.name for column in table.partition],
        clustering_key=[
            dump_pb2.ClusteringColumn(name=column.name, descending=down)
            for column, down in zip(table.clustering, table.descending, strict=True)
        ],
        columns=[
            dump_pb2.Column(name=column.name, type=_TYPES[column.type], is_static=column.static)
            for column in table.key + table.regular + table.statics
        ],
        expiring=table.expiring,
    )


def _declaration(shape: dump_pb2.TableShape) -> dict[str, Any]:
    """As `mesh.tables.versions.describe` says it."""
    kinds = {column.name: _KINDS[column.type].value for column in shape.columns}
    return {
        "partition": list(shape.partition_key),
        "clustering": [[part.name, "desc" if part.descending else "asc"] for part in shape.clustering_key],
        "columns": {c.name: f"static {kinds[c.name]}" if c.is_static else kinds[c.name] for c in shape.columns},
        "expiring": shape.expiring,
    }


def _layout(table: Table, shape: dump_pb2.TableShape) -> Layout:
    columns = {column.name: column for column in table.columns}
    rows = tuple(columns[column.name] for column in shape.columns if not column.is_static)
    statics = tuple(columns[column.name] for column in shape.columns if column.is_static)
    return Layout(table, rows, table.partition + statics)


def _cell(column: Column[Any], value: Value) -> dump_pb2.Cell:
    match column.encode(value, "dump"):
        case None:
            cell = dump_pb2.Cell()
        case str(text):
            cell = dump_pb2.Cell(text=text)
        case bytes(blob):
            cell = dump_pb2.Cell(blob=blob)
        case bool(boolean):
            cell = dump_pb2.Cell(boolean=boolean)
        case float(real):
            cell = dump_pb2.Cell(real=real)
        case int(number) if column.type is ColumnType.TIMESTAMP:
            cell = dump_pb2.Cell(timestamp_micros=number)
        case int(number):
            cell = dump_pb2.Cell(integer=number)
    return cell


_FIELDS: Final = {
    ColumnType.TEXT: "text",
    ColumnType.BLOB: "blob",
    ColumnType.INTEGER: "integer",
    ColumnType.REAL: "real",
    ColumnType.BOOLEAN: "boolean",
    ColumnType.TIMESTAMP: "timestamp_micros",
}


def _value(column: Column[Any], cell: dump_pb2.Cell) -> Value:
    field = cell.WhichOneof("value")
    if field is None:
        return None
    if field != _FIELDS[column.type]:
        raise DumpDamaged(f"a cell of {column.name} holds {field}, not {column.type.value}")
    return column.decode(getattr(cell, field))
