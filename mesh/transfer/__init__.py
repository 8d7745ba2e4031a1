"""A service's tables as a file, and back, on any engine: `vidmesh export` and `vidmesh import`.

The file's format is `protos/vidmesh/transfer/v1/dump.proto`.
"""

from __future__ import annotations

from mesh.transfer.dumping import dump
from mesh.transfer.errors import DumpDamaged, DumpUnfinished, NotEmpty, TransferError
from mesh.transfer.loading import load
from mesh.transfer.totals import Totals
from mesh.transfer.verifying import Report, compare

__all__ = [
    "DumpDamaged",
    "DumpUnfinished",
    "NotEmpty",
    "Report",
    "Totals",
    "TransferError",
    "compare",
    "dump",
    "load",
]
