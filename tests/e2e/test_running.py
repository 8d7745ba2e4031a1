"""What docs/running.md tells to type, typed in its order on one stack."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.e2e.stacks import vidmesh

ROOT = Path(__file__).resolve().parents[2]
BLOCKS = re.findall(
    r"^```(toml|sh|python)\n(.*?)^```", (ROOT / "docs/running.md").read_text(encoding="utf-8"), flags=re.M | re.S
)


def _type(words: list[str], folder: Path, data: Path, **more: str) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("VIDMESH_")}
    environment = kept | {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "VIDMESH_DATA": str(data),
        # The port that the page has by default may be taken here.
        "VIDMESH_EDGE__PORT": "0",
        "VIDMESH_TRANSCODE__WORKERS": "1",
    }
    return subprocess.run(
        words, capture_output=True, text=True, timeout=110, check=False, cwd=folder, env=environment | more
    )


@pytest.mark.stack
@pytest.mark.timeout(240)
def test_every_block_of_the_page_works_in_its_order(tmp_path: Path) -> None:
    data, ended = tmp_path / "data", False
    printed: list[str] = []
    try:
        for kind, block in BLOCKS:
            if kind == "toml":
                (tmp_path / "own.toml").write_text(block, encoding="utf-8")
                continue
            if kind == "sh":
                done = _type(["bash", "-euo", "pipefail", "-c", block], tmp_path, data)
            else:
                url = json.loads((data / "run/stack.json").read_text(encoding="utf-8"))["edge_url"]
                token = vidmesh("token", "create", "python", "--scope", "read", "--data", str(data)).stdout.strip()
                done = _type([sys.executable, "-c", block], tmp_path, data, VIDMESH_URL=url, VIDMESH_TOKEN=token)
            assert done.returncode == 0, (block, done.stdout, done.stderr)
            printed.append(done.stdout)
        ended = True
    finally:
        if not ended:
            vidmesh("down", "--data", str(data))
    shown = "\n".join(printed)
    assert "for Ada" in shown
    assert "\nadmin\n" in f"\n{shown}"
