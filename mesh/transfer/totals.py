"""How much there is of each table."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from mesh.tables import Schema
from vidmesh.transfer.v1 import dump_pb2


@dataclass(slots=True)
class Totals:
    """Rows, and partitions with static values, by table."""

    rows: Counter[str] = field(default_factory=Counter[str])
    statics: Counter[str] = field(default_factory=Counter[str])

    def add(self, block: dump_pb2.Block) -> None:
        """Count a block in."""
        (self.statics if block.statics else self.rows)[block.table] += len(block.rows)

    def trailer(self, schema: Schema) -> dump_pb2.Trailer:
        """As the end of a dump says it."""
        return dump_pb2.Trailer(
            counts=[
                dump_pb2.Count(table=table.name, rows=self.rows[table.name], statics=self.statics[table.name])
                for table in schema.active
            ]
        )

    def are(self, trailer: dump_pb2.Trailer) -> bool:
        """Whether these are the counts of a dump's end."""
        told = {count.table: (count.rows, count.statics) for count in trailer.counts}
        named = told.keys() | self.rows.keys() | self.statics.keys()
        return all(told.get(name, (0, 0)) == (self.rows[name], self.statics[name]) for name in named)
