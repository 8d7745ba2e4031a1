"""The CQL engine of `mesh.tables` against the driver by hand, on a Cassandra that is started for it."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

from benchmarks.harness.model import Benchmark, Effort, NothingToMeasure, Row
from benchmarks.parts.raw_cql import RawCqlVideos
from benchmarks.parts.videos import SCHEMA, Amounts, OurVideos, compare
from mesh.tables import open_tables
from mesh.testing.cassandra import CassandraMissing, CassandraServer, cassandra_server

WHOLE: Final = Amounts(put=(300, 3200), get=(300, 3200), compare_and_set=(60, 640), scan=(100, 320))
QUICK: Final = Amounts(put=(40, 640), get=(80, 640), compare_and_set=(12, 128), scan=(24, 96), filled=640, scanned=8)


ROUNDS: Final = 5
"""In a quick run too: of three, one that met other people's work would be believed."""


async def _run(effort: Effort) -> Sequence[Row]:
    async with (
        _cassandra() as cassandra,
        open_tables(f"cql://{cassandra.host}/ours", SCHEMA) as tables,
    ):
        raw = await RawCqlVideos.open(cassandra.port)
        try:
            return await compare(OurVideos(tables), raw, QUICK if effort.quick else WHOLE, ROUNDS)
        finally:
            await raw.close()


@asynccontextmanager
async def _cassandra() -> AsyncGenerator[CassandraServer]:
    with tempfile.TemporaryDirectory(prefix="vidmesh-bench-") as folder:
        server = cassandra_server(Path(folder) / "cassandra")
        try:
            running = await asyncio.to_thread(server.__enter__)
        except CassandraMissing as missing:
            raise NothingToMeasure(str(missing)) from missing
        try:
            yield running
        finally:
            await asyncio.to_thread(server.__exit__, None, None, None)


BENCHMARK: Final = Benchmark("mesh.tables on Cassandra against the driver by hand", _run)
