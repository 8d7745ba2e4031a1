"""Schema changes on SQLite: one programme after the other, since a file belongs to one process."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import ClassVar

import pytest

from mesh.tables import AlreadyOpen, open_tables
from mesh.tables.opening import migrate_tables
from mesh.tables.plans import contraction, expansion
from tests.conformance.tables.migrating import ONE, TWO, MigrationConformance


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite://{tmp_path}/data/svc.db"


class TestSqliteMigration(MigrationConformance):
    """One file a test."""

    at_once: ClassVar[bool] = False


async def test_a_file_that_is_in_use_is_neither_changed_nor_looked_at(url: str) -> None:
    async with open_tables(url, ONE):
        for planner in (expansion, contraction):
            for dry_run in (True, False):
                with pytest.raises(AlreadyOpen, match="one file, one process"):
                    await migrate_tables(url, TWO, planner, dry_run=dry_run)
    assert not (await migrate_tables(url, TWO, expansion)).is_done


def test_what_only_looks_makes_no_file(url: str, tmp_path: Path) -> None:
    for planner in (expansion, contraction):
        asyncio.run(migrate_tables(url, ONE, planner, dry_run=True))
    assert list(tmp_path.iterdir()) == []
