"""The Python client as a stranger gets it: a wheel, installed alone into an empty environment."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path
from typing import Final

import pytest

from tests.e2e.clients.examples import ROOT, goes_the_whole_road, run
from tests.e2e.stacks import Stack

pytestmark = [pytest.mark.stack, pytest.mark.timeout(600)]

UV: Final = Path(sys.executable).with_name("uv")
LIGHT: Final = {"vidmesh", "googleapis-common-protos", "grpcio", "grpcio-status", "httpx", "protobuf", "rich"}
"""What the project asks for without extras."""
BESIDES: Final = {
    *("anyio", "certifi", "h11", "httpcore", "idna", "markdown-it-py", "mdurl", "pygments", "typing-extensions"),
}
"""What those ask for."""
LOADED: Final = """\
import json, sys
import vidmesh.client, vidmesh.client.commands
for name in vidmesh.client.__all__:
    getattr(vidmesh.client, name)
print(json.dumps(sorted({name.partition(".")[0] for name in sys.modules})))
"""


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Python of an environment that holds the wheel, and what it asks for, in the versions of the lock."""
    folder = tmp_path_factory.mktemp("python")
    run(ROOT, UV, "build", "--wheel", "--quiet", "--out-dir", folder / "dist")
    (wheel,) = (folder / "dist").glob("*.whl")
    run(folder, UV, "venv", "--quiet", "--python", sys.executable, folder / "env")
    python = folder / "env" / "bin" / "python"
    run(folder, UV, "pip", "install", "--quiet", "--python", python, "-c", ROOT / "requirements.lock", wheel)
    return python


def test_without_extras_nothing_of_the_servers_is_installed(python: Path, tmp_path: Path) -> None:
    listed = json.loads(run(tmp_path, UV, "pip", "list", "--format", "json", "--python", python))
    assert {one["name"] for one in listed} == LIGHT | BESIDES


def test_the_client_loads_none_of_the_servers_packages(python: Path, tmp_path: Path) -> None:
    loaded = set(json.loads(run(tmp_path, python, "-c", LOADED)))
    assert "vidmesh" in loaded
    assert not {name for name in loaded if name in {"mesh", "gateway", "pydantic"} or name.startswith("svc_")}


def test_the_command_line_is_there(python: Path, tmp_path: Path) -> None:
    command = python.with_name("vidmesh")
    assert "upload" in run(tmp_path, command, "--help")
    assert "--title" in run(tmp_path, command, "upload", "--help")


def test_the_example_uploads_a_file_follows_its_processing_and_plays_it(
    stack: Stack, python: Path, tmp_path: Path
) -> None:
    shutil.copy(ROOT / "clients/python/examples/road.py", tmp_path)
    goes_the_whole_road(stack, tmp_path, python, "road.py")
