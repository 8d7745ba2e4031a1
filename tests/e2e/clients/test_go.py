"""The Go client: stubs made by plugins on this machine, compiled, and run against a whole stack."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Final

import pytest

from tests.e2e.clients.examples import BUF, ROOT, goes_the_whole_road, run
from tests.e2e.stacks import Stack

PLUGINS: Final = (ROOT / ".cache/bin/protoc-gen-go", ROOT / ".cache/bin/protoc-gen-go-grpc")

pytestmark = [
    pytest.mark.stack,
    pytest.mark.timeout(900),
    pytest.mark.skipif(shutil.which("go") is None, reason="there is no Go here, which compiles its client"),
    pytest.mark.skipif(
        not all(plugin.exists() for plugin in PLUGINS), reason="the plugins of Go are not installed: `make go` does it"
    ),
]


@pytest.fixture(scope="module")
def road(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The example's program, compiled from what is committed and from stubs that were made just now."""
    folder = tmp_path_factory.mktemp("go")
    run(ROOT, BUF, "generate", "--template", "clients/go/buf.gen.yaml", "--output", folder)
    module = folder / "clients/go"
    for name in ("go.mod", "go.sum"):
        shutil.copy(ROOT / "clients/go" / name, module)
    shutil.copytree(ROOT / "clients/go/examples", module / "examples")
    run(module, "go", "vet", "./...", GOFLAGS="-mod=readonly")
    run(module, "go", "build", "-o", folder / "road", "./examples/road", GOFLAGS="-mod=readonly")
    return folder / "road"


def test_the_example_uploads_a_file_follows_its_processing_and_plays_it(
    stack: Stack, road: Path, tmp_path: Path
) -> None:
    goes_the_whole_road(stack, tmp_path, road)
