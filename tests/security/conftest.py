"""One real stack for the whole room, as talkative as it can be, and the people on it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import pytest

from tests.e2e.stacks import Stack, start, vidmesh
from tests.security.matrix.faces import Faces
from tests.security.matrix.scene import Scene, make_scene

TALKATIVE: Final = """
[log]
level = "debug"
[edge]
access_log = true
[identity]
# The people of the scene stay signed in for as long as a slow machine takes for all that happens in this room.
access_token_lifetime = 86400
"""
"""What is written down most of: canaries are looked for in it."""


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A stack of this room's own: its first account is the scene's administrator."""
    data = tmp_path_factory.mktemp("security") / "data"
    try:
        with pytest.MonkeyPatch.context() as patch:
            # Every span is printed, and stands in the logs.
            patch.setenv("OTEL_TRACES_EXPORTER", "console")
            started = start(data, configuration=TALKATIVE)
        yield started
    finally:
        vidmesh("down", "--data", str(data))


@pytest.fixture(scope="session")
def plain_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A stack as anybody starts it, for rooms that need no scene."""
    data = tmp_path_factory.mktemp("plain") / "data"
    try:
        yield start(data)
    finally:
        vidmesh("down", "--data", str(data))


@pytest.fixture(scope="session")
def plain_faces(plain_stack: Stack) -> Iterator[Faces]:
    """Ways to call its edge."""
    made = Faces(plain_stack.edge_url)
    yield made
    made.close()


@pytest.fixture(scope="module")
def nobody_died(plain_stack: Stack) -> Iterator[None]:
    """Every process of the plain stack is the same one after a module's tests, and ready."""
    before = processes(plain_stack)
    yield
    assert processes(plain_stack) == before


def processes(stack: Stack) -> dict[str, tuple[int, str]]:
    """Process id and state of each part."""
    return {part["name"]: (part["pid"], part["state"]) for part in stack.status()["parts"]}


@pytest.fixture(scope="session")
def scene(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    """People, a channel, and a video of every visibility."""
    made = make_scene(stack, tmp_path_factory.mktemp("scene"))
    yield made
    made.close()


@pytest.fixture(scope="session")
def faces(stack: Stack) -> Iterator[Faces]:
    """Ways to call the edge."""
    made = Faces(stack.edge_url)
    yield made
    made.close()
