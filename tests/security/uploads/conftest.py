"""The uploads that everything here is about."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.e2e.people import somebody
from tests.e2e.stacks import Stack
from tests.security.uploads.state import State, make_state


@pytest.fixture(scope="session")
def state(plain_stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[State]:
    owner, stranger = somebody(plain_stack), somebody(plain_stack)
    yield make_state(owner, stranger, tmp_path_factory.mktemp("uploads"))
    owner.edge.close()
    stranger.edge.close()
