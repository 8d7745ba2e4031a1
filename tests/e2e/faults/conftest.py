"""The stack behind relays, shared by all tests of a process: leave it as it was found."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.e2e.faults.place import Place, place


@pytest.fixture(scope="session")
def between(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """A stack with relays between its parts."""
    with place(tmp_path_factory.mktemp("between")) as made:
        yield made
