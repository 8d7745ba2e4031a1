"""What the README tells a stranger to type, typed."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.e2e.people import CLIP
from tests.e2e.stacks import tables_variables, vidmesh

ROOT = Path(__file__).resolve().parents[2]
BLOCKS = re.findall(r"```sh\n(.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), flags=re.S)
TOOLS = ROOT / ".cache/bin"
"""Where `make test` puts tools that Python's packages do not bring."""


def _block(word: str) -> str:
    found = [block for block in BLOCKS if word in block]
    assert len(found) == 1, word
    return found[0]


def _shell(line: str, folder: Path, data: Path) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("VIDMESH_")}
    path = f"{Path(sys.executable).parent}{os.pathsep}{TOOLS}{os.pathsep}{os.environ['PATH']}"
    # The port that the README shows may be taken here.
    environment = kept | {"PATH": path, "VIDMESH_DATA": str(data), "VIDMESH_EDGE__PORT": "0"}
    environment |= tables_variables(data)
    return subprocess.run(
        ["bash", "-euo", "pipefail", "-c", line],
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
        cwd=folder,
        env=environment,
    )


@dataclass(frozen=True, slots=True)
class Begun:
    """What the first steps leave behind."""

    folder: Path
    data: Path
    edge: str
    video: str

    def type(self, block: str) -> subprocess.CompletedProcess[str]:
        """One block of the README, with this stack's address and video in the place of the shown ones."""
        host = self.edge.removeprefix("http://")
        return _shell(block.replace("127.0.0.1:8080", host).replace("VIDEO", self.video), ROOT, self.data)


@pytest.fixture(scope="module")
def begun(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Begun]:
    """The first steps by hand, line by line, without the last, which takes everything down."""
    folder = tmp_path_factory.mktemp("stranger")
    data = folder / "data"
    shutil.copy(CLIP, folder / "clip.mp4")
    video = ""
    steps = [line for line in _block("vidmesh up --detach").splitlines() if not line.startswith("source ")]
    try:
        for line in steps[:-1]:
            done = _shell(line.replace("VIDEO", video), folder, data)
            assert done.returncode == 0, (line, done.stderr)
            if "videos list" in line:
                video = done.stdout.split()[0]
        edge = json.loads((data / "run/stack.json").read_text(encoding="utf-8"))["edge_url"]
        yield Begun(folder, data, edge, video)
        assert steps[-1] == "vidmesh down"
        assert _shell(steps[-1], folder, data).returncode == 0
    finally:
        vidmesh("down", "--data", str(data))


def test_the_first_calls_by_curl(begun: Begun) -> None:
    done = begun.type(_block("curl -s $EDGE/v1/sessions"))
    assert done.returncode == 0, done.stderr
    assert '"handle":"you"' in done.stdout
    assert '"hls_url"' in done.stdout
    assert "data: " in done.stdout
    assert '"code"' not in done.stdout


def test_the_first_call_by_grpcurl(begun: Begun) -> None:
    if shutil.which("grpcurl", path=f"{TOOLS}{os.pathsep}{os.environ['PATH']}") is None:
        pytest.skip("grpcurl is not installed; it comes as a Go module")
    done = begun.type(_block("grpcurl"))
    assert done.returncode == 0, done.stderr
    assert '"title": "First"' in done.stdout
