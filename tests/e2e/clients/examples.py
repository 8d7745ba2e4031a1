"""Examples of clients, run as a stranger would: in an empty folder, with what their README says."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Final

from tests.e2e.people import CLIP, PASSWORD, somebody
from tests.e2e.stacks import Stack

ROOT: Final = Path(__file__).resolve().parents[3]
BUF: Final = Path(sys.executable).with_name("buf")
PATIENCE: Final = 480


def run(folder: Path, *command: str | Path, **variables: str) -> str:
    """What a command prints that ends well. Nothing of this checkout is on its path."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "VIRTUAL_ENV"))}
    done = subprocess.run(
        command, cwd=folder, env=kept | variables, capture_output=True, text=True, check=False, timeout=PATIENCE
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def goes_the_whole_road(stack: Stack, folder: Path, *command: str | Path) -> None:
    """Runs an example for somebody new, who signs in, uploads the clip, follows its processing, and plays it."""
    person = somebody(stack)
    person.edge.close()
    told = run(
        folder,
        *command,
        stack.edge_url,
        CLIP,
        VIDMESH_EMAIL=f"{person.handle}@example.org",
        VIDMESH_PASSWORD=PASSWORD,
        HOME=str(folder),
    )
    size = CLIP.stat().st_size
    assert f"sent: {size} of {size} bytes are there" in told
    assert re.search(r"^processing: 100 ?%$", told, flags=re.MULTILINE)
    assert re.search(r"^[A-Za-z0-9_-]{11}: 360p, .*audio$", told, flags=re.MULTILINE)
    assert re.search(r"^plays: http", told, flags=re.MULTILINE)
