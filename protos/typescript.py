"""Generates the TypeScript stubs from the contracts: `python protos/typescript.py [--check]`.

What is generated, and from what, says clients/ts/buf.gen.yaml. Needs Node and the packages of package-lock.json; where
they are missing it says so, and that is no failure: the stubs are committed.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path
from shutil import which
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent
TEMPLATE: Final = Path("clients/ts/buf.gen.yaml")
STUBS: Final = Path("clients/ts/src/gen")
PLUGIN: Final = ROOT / "node_modules" / "@bufbuild" / "protoc-gen-es"


def generate(out: Path) -> None:
    """Writes the stubs below `out`, in place of those that were there."""
    buf = Path(sys.executable).parent / "buf"
    subprocess.run([buf, "generate", "--template", TEMPLATE, "--output", out], cwd=ROOT, check=True)  # noqa: S603


def stubs(root: Path) -> dict[str, bytes]:
    """Every stub below a root, by its path."""
    return {str(p.relative_to(root)): p.read_bytes() for p in (root / STUBS).rglob("*") if p.is_file()}


def main() -> int:
    parser = argparse.ArgumentParser(description="Generate the TypeScript stubs from the contracts.")
    parser.add_argument("--check", action="store_true", help="write nothing; fail where something would change")
    check: bool = parser.parse_args().check
    if which("node") is None or not PLUGIN.is_dir():
        print("The TypeScript stubs are left out: Node or its packages are missing (`make node`).")
        return 0
    there = stubs(ROOT)
    if not check:
        generate(ROOT)
        wanted = stubs(ROOT)
        print(f"{len(wanted)} TypeScript stubs, {len(_changed(wanted, there))} changed")
        return 0
    with tempfile.TemporaryDirectory() as scratch:
        generate(Path(scratch))
        wanted = stubs(Path(scratch))
    for name in (changed := _changed(wanted, there)):
        print(f"{name} is not what the contracts give; run `make generate`", file=sys.stderr)
    return 1 if changed else 0


def _changed(wanted: dict[str, bytes], there: dict[str, bytes]) -> list[str]:
    return sorted(name for name in wanted.keys() | there.keys() if wanted.get(name) != there.get(name))


if __name__ == "__main__":
    sys.exit(main())
