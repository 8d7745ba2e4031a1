"""The SQLite engine of `mesh.tables` against a store by hand on sqlite3 that does the same work in the same way."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from benchmarks.harness.model import Benchmark, Effort, Row
from benchmarks.parts.raw_sqlite import RawVideos
from benchmarks.parts.videos import SCHEMA, Amounts, OurVideos, compare
from mesh.tables import open_tables

WHOLE: Final = Amounts(put=(400, 12800), get=(4000, 6400), compare_and_set=(400, 3200), scan=(400, 640))
QUICK: Final = Amounts(put=(150, 6400), get=(1500, 2560), compare_and_set=(150, 1280), scan=(150, 256))


ROUNDS: Final = 5
"""In a quick run too: of three, one that met other people's work would be believed."""


async def _run(effort: Effort) -> Sequence[Row]:
    with tempfile.TemporaryDirectory(prefix="vidmesh-bench-") as folder:
        async with open_tables(f"sqlite://{folder}/ours.db", SCHEMA) as tables:
            raw = RawVideos(Path(folder) / "raw.db")
            try:
                return await compare(OurVideos(tables), raw, QUICK if effort.quick else WHOLE, ROUNDS)
            finally:
                await raw.close()


BENCHMARK: Final = Benchmark("mesh.tables on SQLite against sqlite3 by hand", _run)
