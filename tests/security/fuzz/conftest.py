"""A stack that nobody else uses: what is drawn here deletes, renames and signs out."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.e2e.stacks import start, vidmesh
from tests.security.matrix.scene import Scene, make_scene


@pytest.fixture(scope="module")
def own_scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    """People and videos on a stack of this module's own."""
    data = tmp_path_factory.mktemp("fuzz") / "data"
    try:
        scene = make_scene(start(data), tmp_path_factory.mktemp("scene"))
        yield scene
        scene.close()
    finally:
        vidmesh("down", "--data", str(data))
