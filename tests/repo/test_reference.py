"""docs/reference/ is what the code gives, and complete."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from gateway.routes import route_table
from mesh.cli import found_commands, load, parser_for
from mesh.config import Settings
from mesh.policy import all_methods, descriptor_set
from vidmesh.common.v1.error_reason_pb2 import ErrorReason

ROOT = Path(__file__).resolve().parents[2]
REFERENCE = ROOT / "docs/reference"


def _page(name: str) -> str:
    return (REFERENCE / name).read_text(encoding="utf-8")


def test_the_pages_are_what_the_code_gives() -> None:
    run = subprocess.run(
        [sys.executable, "-m", "docs.generator", "--check"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stderr


@pytest.mark.parametrize("method", all_methods().values(), ids=lambda method: method.name)
def test_every_method_has_a_place_that_says_what_it_does_and_who_may_call_it(method: object) -> None:
    service, _, name = str(getattr(method, "name", "")).rpartition("/")
    told = _page(f"services/{service.rpartition('.')[2]}.md")
    place = re.search(rf"^## {name}\n\n(.+?)(?=^## |\Z)", told, flags=re.MULTILINE | re.DOTALL)
    assert place, name
    assert not place[1].startswith("|"), f"{name} has no comment"
    assert "| who may call | **" in place[1]
    assert ": ." not in place[1]


def test_every_route_is_listed() -> None:
    told = _page("routes.md")
    for route in route_table(all_methods(), descriptor_set()).routes:
        for binding in route.bindings:
            assert f"| {binding.verb} | `{binding.template}` |" in told


def test_every_reason_is_listed_with_its_code() -> None:
    told = _page("errors.md")
    for name in ErrorReason.keys()[1:]:
        assert f"`{name.removeprefix('ERROR_REASON_')}`" in told


def test_every_setting_is_listed_with_its_variable() -> None:
    told = _page("configuration.md")
    for section, info in Settings.model_fields.items():
        for name in getattr(info.annotation, "model_fields", {}):
            assert f"`VIDMESH_{section.upper()}__{name.upper()}`" in told


def test_every_table_says_what_it_is_for() -> None:
    for page in (REFERENCE / "tables").glob("*.md"):
        silent = re.findall(r"^## (\w+)\n\n\|", page.read_text(encoding="utf-8"), flags=re.MULTILINE)
        assert not silent, page.name


def test_every_column_stands_in_the_page_of_its_service() -> None:
    from importlib import metadata

    for point in metadata.entry_points(group="vidmesh.schemas"):
        told = _page(f"tables/{point.name}.md")
        for table in point.load().tables:
            place = told.partition(f"\n## {table.name}\n")[2].partition("\n## ")[0]
            assert all(f"| `{column.name}` | {column.type.value} |" in place for column in table.columns), table.name


def test_every_example_of_a_command_is_one_that_the_command_line_takes() -> None:
    parser = parser_for([load(point) for point in found_commands().values()])
    examples = re.findall(r"^    ((?:VIDMESH_\S+ )*vidmesh .*)$", _page("commands.md"), flags=re.MULTILINE)
    assert len(examples) > 20
    for example in examples:
        # What it does stands behind, set off by spaces.
        words = shlex.split(re.split(r"\s{2,}", example)[0])
        parser.parse_args(words[words.index("vidmesh") + 1 :])
