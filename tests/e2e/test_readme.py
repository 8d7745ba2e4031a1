"""What the README tells a stranger to type, typed."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.e2e.people import CLIP
from tests.e2e.stacks import vidmesh

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
    return subprocess.run(
        ["bash", "-euo", "pipefail", "-c", line],
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
        cwd=folder,
        env=environment,
    )


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


def test_the_first_steps_by_hand_and_the_first_calls(tmp_path: Path, data: Path) -> None:
    shutil.copy(CLIP, tmp_path / "clip.mp4")
    video, edge = "", ""
    try:
        steps = [line for line in _block("vidmesh up --detach").splitlines() if not line.startswith("source ")]
        for line in steps[:-1]:
            done = _shell(line.replace("VIDEO", video), tmp_path, data)
            assert done.returncode == 0, (line, done.stderr)
            if "videos list" in line:
                video = done.stdout.split()[0]
        edge = json.loads((data / "run/stack.json").read_text())["edge_url"]

        calls = _block("curl -s $EDGE/v1/sessions").replace("http://127.0.0.1:8080", edge).replace("VIDEO", video)
        done = _shell(calls, tmp_path, data)
        assert done.returncode == 0, done.stderr
        assert '"handle":"you"' in done.stdout
        assert '"hls_url"' in done.stdout
        assert "data: " in done.stdout
        assert '"code"' not in done.stdout

        if shutil.which("grpcurl", path=f"{TOOLS}{os.pathsep}{os.environ['PATH']}") is not None:
            call = _block("grpcurl").replace("127.0.0.1:8080", edge.removeprefix("http://")).replace("VIDEO", video)
            done = _shell(call, ROOT, data)
            assert done.returncode == 0, done.stderr
            assert '"title": "First"' in done.stdout

        done = _shell(steps[-1], tmp_path, data)
        assert (steps[-1], done.returncode) == ("vidmesh down", 0)
    finally:
        vidmesh("down", "--data", str(data))
