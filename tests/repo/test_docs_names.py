"""What the documents name exists: tests, files and headings; and what is claimed to be defended is tested."""

from __future__ import annotations

import re
import subprocess
from functools import cache
from pathlib import Path

import pytest

from gateway.routes import host_of
from mesh.policy import all_methods

ROOT = Path(__file__).resolve().parents[2]
NAMED_TEST = re.compile(r"`([\w/]+\.py)::(test_\w+)`")
LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)")


def _documents() -> list[Path]:
    listing = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "*.md"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    return [ROOT / name for name in listing.split("\0") if name and (ROOT / name).exists()]


DOCUMENTS = _documents()


def _prose(document: Path) -> str:
    """The text without its blocks of code."""
    return re.sub(r"^```.*?^```", "", document.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)


@cache
def _anchors(document: Path) -> frozenset[str]:
    text = _prose(document)
    headings = re.findall(r"^#+ (.+)$", text, flags=re.MULTILINE)
    made = (re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings)
    return frozenset([*made, *re.findall(r'<a id="([^"]+)">', text)])


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_link_within_the_repository_leads_somewhere(document: Path) -> None:
    for link in LINK.findall(_prose(document)):
        if re.match(r"[a-z]+:", link):
            continue
        place, _, heading = link.partition("#")
        target = (document.parent / place).resolve() if place else document
        assert target.exists(), link
        if heading and target.suffix == ".md":
            assert heading in _anchors(target), link


def test_every_test_that_a_document_names_exists() -> None:
    named = {found for document in DOCUMENTS for found in NAMED_TEST.findall(document.read_text(encoding="utf-8"))}
    assert len(named) > 50
    for file, name in sorted(named):
        path = ROOT / "tests" / file.removeprefix("tests/")
        assert path.is_file(), file
        assert re.search(rf"^(async )?def {name}\(", path.read_text(encoding="utf-8"), flags=re.MULTILINE), name


def test_every_defence_names_the_test_that_shows_it() -> None:
    told = (ROOT / "docs/security.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| against .*?\n\|[-|]+\|\n((?:\|.*\n)+)", told, flags=re.MULTILINE)
    assert len(rows) == 8
    for row in "".join(rows).splitlines():
        assert NAMED_TEST.search(row.split(" | ")[2]), row


def test_the_architecture_names_every_folder_at_the_top_and_every_service() -> None:
    told = (ROOT / "docs/architecture.md").read_text(encoding="utf-8")
    listing = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    folders = {name.split("/")[0] for name in listing.splitlines() if "/" in name and not name.startswith(".")}
    for folder in folders:
        assert f"| `{'svc_*' if folder.startswith('svc_') else folder}/` |" in told, folder
    for service in {method.service for method in all_methods().values()}:
        row = re.search(rf"^\| {host_of(service)} \| ([^|]*)", told, flags=re.MULTILINE)
        assert row, service
        assert service.rpartition(".")[2] in row[1]
        assert not row[1].startswith("later")
