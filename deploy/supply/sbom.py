"""`python -m deploy.supply.sbom [FILE]`: the bill of materials of an installation, in CycloneDX' JSON.

What is installed for development would be listed as well if this looked at the environment that it runs in. So it
installs what an installation needs into a folder of its own, has `cyclonedx-bom` look at that, and removes it.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

from deploy.supply.lock import PROJECT, ROOT, locked, of_an_installation

DEFAULT: Final = ROOT / "dist/vidmesh.cdx.json"


def make(target: Path) -> None:
    """Writes the bill of materials. Raises `subprocess.CalledProcessError` where a step fails."""
    tools = Path(sys.executable).parent
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        wanted, place = Path(scratch, "requirements.txt"), Path(scratch, "installed")
        wanted.write_text("".join(one.text for one in of_an_installation(locked())), encoding="utf-8")
        _run(tools / "uv", "venv", "--quiet", "--python", sys.executable, place)
        python = place / "bin/python"
        _run(tools / "uv", "pip", "install", "--quiet", "--python", python, "--require-hashes", "-r", wanted)
        _run(
            tools / "cyclonedx-py",
            *("environment", "--pyproject", PROJECT, "--output-reproducible", "--short-PURLs", "--sv", "1.6"),
            *("--output-format", "JSON", "--output-file", target, python),
        )


def _run(*words: str | Path) -> None:
    subprocess.run([str(word) for word in words], check=True)  # noqa: S603 (our own tools, no shell)


def main() -> int:
    """Writes the file that is named, or dist/vidmesh.cdx.json."""
    parser = argparse.ArgumentParser(description="Write the bill of materials of an installation (CycloneDX, JSON).")
    parser.add_argument("file", nargs="?", type=Path, default=DEFAULT, metavar="FILE")
    target: Path = parser.parse_args().file
    make(target)
    sys.stdout.write(f"{target}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
