"""`python -m docs.generator [--check]`: writes what is told of the code, or says what in it is not what the code gives.

Owns every `.md` under docs/reference/ that carries the generator's mark, and the files of `SERVED`.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from docs.generator.markdown import MARK
from docs.generator.pages import ROOT, SERVED, TARGET, all_pages


def committed() -> dict[Path, str]:
    """The files that stand there and are ours, by their path from the root."""
    texts = {path.relative_to(ROOT): path.read_text(encoding="utf-8") for path in TARGET.rglob("*.md")}
    pages = {path: text for path, text in texts.items() if text.startswith(MARK)}
    return pages | {path: (ROOT / path).read_text(encoding="utf-8") for path in SERVED if (ROOT / path).exists()}


def main() -> int:
    """Returns 1 where `--check` finds a difference."""
    parser = argparse.ArgumentParser(prog="python -m docs.generator", description="Generate docs/reference/.")
    parser.add_argument("--check", action="store_true", help="write nothing; fail where something would change")
    check: bool = parser.parse_args().check
    wanted, there = all_pages(), committed()
    changed = sorted(path for path in wanted.keys() | there.keys() if wanted.get(path) != there.get(path))
    if check:
        for path in changed:
            sys.stderr.write(f"{path} is not what the code gives; run `make generate`\n")
        return 1 if changed else 0
    for path in there.keys() - wanted.keys():
        (ROOT / path).unlink()
    for path in changed:
        if path in wanted:
            (ROOT / path).parent.mkdir(parents=True, exist_ok=True)
            (ROOT / path).write_text(wanted[path], encoding="utf-8")
    sys.stdout.write(f"{len(wanted)} pages, {len(changed)} changed\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
