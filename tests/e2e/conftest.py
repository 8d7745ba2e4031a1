"""Stacks as fixtures, and which tests belong to which tables.

Marks leave tests out, with the reason beside each: `sqlite("why")` where the stacks' tables are on a Cassandra,
`cassandra("why")` where they are not.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from mesh.testing.cassandra import VARIABLE as CASSANDRA
from tests.e2e.stacks import Stack, StartStack, end, start


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leaves out what says nothing about the tables of this run."""
    other = "sqlite" if os.environ.get(CASSANDRA) else "cassandra"
    left = [item for item in items if (mark := item.get_closest_marker(other)) and _reason(item, mark)]
    if left:
        config.hook.pytest_deselected(items=left)
        items[:] = [item for item in items if item not in left]


def _reason(item: pytest.Item, mark: pytest.Mark) -> str:
    if len(mark.args) != 1:
        raise pytest.UsageError(f"{item.nodeid}: the mark {mark.name} takes one reason")
    return str(mark.args[0])


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """The whole stack, shared by all tests of a session: leave it as it was found."""
    data = tmp_path_factory.mktemp("stack") / "data"
    try:
        yield start(data)
    finally:
        end(data)


@pytest.fixture
def fresh_stack(start_stack: StartStack) -> Stack:
    """The whole stack, empty, for one test that may break it."""
    return start_stack()


@pytest.fixture
def start_stack(tmp_path: Path) -> Iterator[StartStack]:
    """Starts stacks, and stops them after the test."""
    started: set[Path] = set()

    def starting(data: Path | None = None, only: tuple[str, ...] = (), configuration: str = "") -> Stack:
        chosen = data or tmp_path / f"data-{len(started)}"
        started.add(chosen)
        return start(chosen, only, configuration)

    try:
        yield starting
    finally:
        for data in started:
            end(data)
