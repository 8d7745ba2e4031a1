"""Stacks as fixtures."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.stacks import Stack, StartStack, start, vidmesh


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """The whole stack, shared by all tests of a session: leave it as it was found."""
    data = tmp_path_factory.mktemp("stack") / "data"
    try:
        yield start(data)
    finally:
        vidmesh("down", "--data", str(data))


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
            vidmesh("down", "--data", str(data))
