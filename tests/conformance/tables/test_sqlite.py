"""The SQLite engine passes the conformance suite."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from mesh.tables import Tables, open_tables
from mesh.testing.tables import SCHEMA, Raw, TablesConformance
from tests.conformance.tables.sqlite_raw import RawSqlite


class TestSqlite(TablesConformance):
    """One file for each test: opening costs a few milliseconds."""

    @pytest.fixture
    async def tables(self, tmp_path: Path) -> AsyncGenerator[Tables]:
        async with open_tables(f"sqlite://{tmp_path}/conformance.db", SCHEMA) as tables:
            yield tables

    @pytest.fixture
    def raw(self, tables: Tables, tmp_path: Path) -> Raw:
        return RawSqlite(tmp_path / "conformance.db")
