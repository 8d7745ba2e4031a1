"""Somebody with a good token and a video that can be watched."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.e2e.people import Person, somebody
from tests.e2e.stacks import Stack
from tests.e2e.uploading import upload
from tests.security.matrix.media import everything
from tests.security.tokens.forged import Good, keys


@pytest.fixture(scope="session")
def person(plain_stack: Stack) -> Iterator[Person]:
    made = somebody(plain_stack)
    yield made
    made.edge.close()


@pytest.fixture(scope="session")
def good_access(plain_stack: Stack, person: Person) -> Good:
    secrets = plain_stack.data / "secrets"
    token = str(person.edge.headers["authorization"]).removeprefix("Bearer ")
    return Good(token, keys(secrets / "access_keys.json"), keys(secrets / "grant_keys.json"))


@pytest.fixture(scope="session")
def addresses(person: Person) -> dict[str, str]:
    """An address of every kind of object of a video."""
    return everything(person.edge, upload(person))
