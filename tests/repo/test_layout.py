"""Where things stand, as docs/architecture.md says."""

from __future__ import annotations

import re
import subprocess
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SERVICES = ("svc_upload", "svc_transcode", "svc_playback", "svc_discovery", "svc_social", "svc_live")
TOP_LEVEL = {
    *SERVICES,
    *("protos", "gateway", "benchmarks", "tests", "vidmesh", "mesh", "web", "clients", "deploy", "docs", "third_party"),
}
LARGE = 15_000
"""Bytes of a file by hand beyond which it is asked whether it is still one concern."""
LARGEST = 20_000
FEW = 5


def _tracked(*patterns: str) -> list[Path]:
    listing = subprocess.run(
        ["git", "ls-files", "-z", *patterns], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    return [ROOT / name for name in listing.split("\0") if name and (ROOT / name).exists()]


def _by_hand(*patterns: str) -> list[Path]:
    generated = re.compile(r"(_pb2(_grpc)?\.pyi?|_pb\.ts)$")
    return [p for p in _tracked(*patterns) if not generated.search(p.name) and "third_party" not in str(p)]


def test_no_folder_stands_at_the_top_that_the_architecture_does_not_name() -> None:
    there = {p.relative_to(ROOT).parts[0] for p in _tracked() if len(p.relative_to(ROOT).parts) > 1}
    assert {name for name in there if not name.startswith(".")} <= TOP_LEVEL


@pytest.mark.parametrize("service", SERVICES)
def test_every_service_has_the_same_shape(service: str) -> None:
    for file in ("__init__.py", "__main__.py", "server.py", "README.md"):
        assert (ROOT / service / file).is_file(), f"{service}/{file}"


def test_every_room_of_a_service_has_its_parts_in_the_files_that_carry_their_names() -> None:
    rooms = [p.parent for p in _tracked("svc_*/**/service.py", "svc_*/service.py")]
    assert rooms
    for room in rooms:
        assert (room / "domain.py").is_file(), room


def test_files_by_hand_stay_small() -> None:
    sizes = {str(p.relative_to(ROOT)): p.stat().st_size for p in _by_hand("*.py", "*.proto", "*.ts")}
    large = {name: size for name, size in sizes.items() if size > LARGE}
    assert len(large) <= FEW, "split by concern"
    assert all(size <= LARGEST for size in large.values()), large


def test_no_registry_host_and_no_path_of_a_machine_is_named() -> None:
    forbidden = re.compile(
        r"files\.pythonhosted\.org|https?://pypi\.org/simple|registry\.npmjs\.org|repo1?\.maven|proxy\.golang\.org"
        r"|/root/|/home/[a-z]+/|(?<![\w.])/work/(main|shared)"
    )
    for file in _by_hand():
        if file == Path(__file__) or file.suffix in {".mp4", ".png", ".jpg", ".binpb"}:
            continue
        assert not forbidden.search(file.read_text(encoding="utf-8")), file


def test_the_readme_names_only_make_targets_that_exist() -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), flags=re.M))
    named = set(re.findall(r"make ([a-z]+)", (ROOT / "README.md").read_text()))
    assert named
    assert named <= targets


def test_the_readme_names_only_commands_that_exist() -> None:
    commands = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["entry-points"]["vidmesh.commands"]
    code = "\n".join(re.findall(r"```(?:sh|console|bash)\n(.*?)```", (ROOT / "README.md").read_text(), flags=re.S))
    named = set(re.findall(r"(?:^|\s|/)vidmesh ([a-z]+)", code))
    assert named
    assert named <= set(commands)
