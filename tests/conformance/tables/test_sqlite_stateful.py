"""The SQLite engine agrees with a dictionary over any sequence of operations."""

from __future__ import annotations

import asyncio
from collections.abc import Generator

import pytest
from hypothesis import settings

from mesh.tables import open_tables
from mesh.testing.tables_stateful import SCHEMA, TablesMachine


class SqliteMachine(TablesMachine):
    """The machine on a file that all examples share."""


TestSqliteStateful = SqliteMachine.TestCase
TestSqliteStateful.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)


@pytest.fixture(autouse=True, scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Generator[None]:
    """The machine's engine, on a loop of its own: Hypothesis runs its examples outside of any."""
    path = tmp_path_factory.mktemp("stateful") / "tables.db"
    with asyncio.Runner() as runner:
        opening = open_tables(f"sqlite://{path}", SCHEMA)
        SqliteMachine.loop = runner.get_loop()
        SqliteMachine.tables = runner.run(opening.__aenter__())
        yield
        runner.run(opening.__aexit__(None, None, None))
