"""Every block of code in README.md and docs/*.md is run, loaded or parsed by a test, or named with its reason.

| a block of | is |
|---|---|
| `sh`, `python` | run on a real stack, by the tests that `RUN_BY` names |
| `toml` | loaded as a configuration |
| `json` | parsed |
| `text` | a picture, or commands that cannot be run where tests run: these are parsed by the command line |
"""

from __future__ import annotations

import json
import re
import shlex
from dataclasses import dataclass
from pathlib import Path

import pytest

from mesh.cli import found_commands, load, parser_for
from mesh.config import load_settings

ROOT = Path(__file__).resolve().parents[2]
RUN_BY = {
    "README.md": "tests/e2e/test_readme.py",
    "docs/operations.md": "tests/e2e/test_transfer.py",
    "docs/running.md": "tests/e2e/test_running.py",
}
NOT_RUN = {
    "make demo ": "tests/e2e/test_client_demo.py runs the command behind it; make would make an environment",
    "make test\n": "it is what runs this",
}
KINDS = {"sh", "python", "toml", "json", "text", ""}


@dataclass(frozen=True, slots=True)
class Block:
    """One fenced block."""

    document: str
    line: int
    kind: str
    text: str


def _blocks() -> list[Block]:
    found: list[Block] = []
    for document in (ROOT / "README.md", ROOT / "SECURITY.md", *sorted((ROOT / "docs").glob("*.md"))):
        text = document.read_text(encoding="utf-8")
        name = str(document.relative_to(ROOT))
        for block in re.finditer(r"^```(\w*)\n(.*?)^```$", text, flags=re.MULTILINE | re.DOTALL):
            found.append(Block(name, text[: block.start()].count("\n") + 1, block[1], block[2]))
    return found


BLOCKS = _blocks()


def _of(*kinds: str) -> list[Block]:
    return [block for block in BLOCKS if block.kind in kinds]


def _name(block: Block) -> str:
    return f"{block.document}:{block.line}"


def test_every_block_is_of_a_kind_that_is_looked_at() -> None:
    assert BLOCKS
    assert {block.kind for block in BLOCKS} <= KINDS


@pytest.mark.parametrize("block", _of("sh", "python"), ids=_name)
def test_what_is_typed_is_run_by_a_test_or_has_a_reason_not_to_be(block: Block) -> None:
    if any(block.text.startswith(beginning) for beginning in NOT_RUN):
        return
    runner = RUN_BY.get(block.document)
    assert runner, f"{_name(block)} is run by no test"
    code = (ROOT / runner).read_text(encoding="utf-8")
    assert block.document in code
    # The README's are chosen one by one there; of the other pages all are taken.
    if block.document == "README.md":
        assert any(word in block.text for word in re.findall(r'_block\("(.+?)"\)', code)), block.text


def test_no_more_is_left_out_than_what_is_named() -> None:
    left_out = [block for block in _of("sh") if any(block.text.startswith(beginning) for beginning in NOT_RUN)]
    assert len(left_out) == len(NOT_RUN)


@pytest.mark.parametrize("block", _of("toml", "json"), ids=_name)
def test_a_configuration_is_one_that_is_taken_and_json_is_json(block: Block, tmp_path: Path) -> None:
    if block.kind == "json":
        json.loads(block.text)
        return
    file = tmp_path / "shown.toml"
    file.write_text(block.text, encoding="utf-8")
    load_settings(file)


@pytest.mark.parametrize("block", _of("text", ""), ids=_name)
def test_a_command_that_is_only_shown_is_one_that_the_command_line_takes(block: Block) -> None:
    parser = parser_for([load(point) for point in found_commands().values()])
    for line in block.text.splitlines():
        if line.startswith("vidmesh "):
            parser.parse_args(shlex.split(line)[1:])
        else:
            assert not re.match(r"[a-z]+ -|\$ ", line), f"{_name(block)} shows {line!r}, which nobody runs"
