"""The TypeScript client as a stranger gets it: packed, installed into an empty folder, run against a whole stack."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.e2e.people import CLIP, PASSWORD, somebody
from tests.e2e.stacks import Stack

ROOT = Path(__file__).resolve().parents[3]

pytestmark = [
    pytest.mark.stack,
    pytest.mark.timeout(300),
    pytest.mark.skipif(
        shutil.which("node") is None or not (ROOT / "node_modules" / "typescript").is_dir(),
        reason="there is no Node here, or `make node` was not run: the client is built by it",
    ),
]


def run(folder: Path, *command: str, **variables: str) -> str:
    done = subprocess.run(
        command, cwd=folder, env=os.environ | variables, capture_output=True, text=True, check=False, timeout=240
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that holds the package and nothing else."""
    folder = tmp_path_factory.mktemp("installed")
    run(ROOT / "clients" / "ts", "npm", "pack", "--silent", "--pack-destination", str(folder))
    (packed,) = folder.glob("*.tgz")
    (folder / "package.json").write_text('{"private": true, "type": "module"}')
    run(folder, "npm", "install", "--silent", "--no-audit", "--no-fund", str(packed))
    return folder


def test_the_package_holds_what_it_says_and_no_sources(installed: Path) -> None:
    package = installed / "node_modules" / "@vidmesh" / "client"
    assert {path.name for path in package.iterdir()} == {"LICENSE", "README.md", "dist", "examples", "package.json"}
    for file in ("index.js", "index.d.ts", "node/index.js", "gen/vidmesh/upload/v1/video_service_pb.d.ts"):
        assert (package / "dist" / file).is_file(), file


def test_the_example_uploads_a_file_follows_its_processing_and_plays_it(stack: Stack, installed: Path) -> None:
    person = somebody(stack)
    person.edge.close()
    shutil.copy(installed / "node_modules" / "@vidmesh" / "client" / "examples" / "road.mjs", installed)
    told = run(
        installed,
        *("node", "road.mjs", stack.edge_url, str(CLIP)),
        VIDMESH_EMAIL=f"{person.handle}@example.org",
        VIDMESH_PASSWORD=PASSWORD,
        HOME=str(installed),
    )
    size = CLIP.stat().st_size
    assert f"done: {size} of {size} bytes are there" in told
    assert "processing: 100 %" in told
    assert re.search(r"^[A-Za-z0-9_-]{11}: 360p, .*audio$", told, flags=re.M)
    assert re.search(r"^plays: http", told, flags=re.M)
