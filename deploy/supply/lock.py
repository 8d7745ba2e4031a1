"""The locked packages, and which of them an installation needs. Pure but for reading two files.

`requirements.lock` says behind each package what asks for it, for all platforms at once. So what an installation needs
follows from it without a network, and is the same wherever it is asked.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[2]
LOCK: Final = ROOT / "requirements.lock"
PROJECT: Final = ROOT / "pyproject.toml"

_HEAD: Final = re.compile(r"(?P<name>[A-Za-z0-9._-]+)(?:\[[^\]]*\])?==(?P<version>[^\s;]+)(?: ; (?P<marker>.*?))? \\?")
_NAME: Final = re.compile(r"[A-Za-z0-9._-]+")


@dataclass(frozen=True, slots=True)
class Package:
    """One locked package."""

    name: str
    """In normal form."""
    version: str
    marker: str
    """For which environments it is; empty for all."""
    asked_by: frozenset[str]
    """Packages that need it; the project itself is not among them."""
    digests: int
    """How many files of it are taken."""
    text: str
    """As it stands in the lock."""


def normal(name: str) -> str:
    """A package's name in normal form (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def locked(lock: Path = LOCK) -> Mapping[str, Package]:
    """Every locked package by name, in the lock's order. Raises ValueError for a lock that is not understood."""
    text = lock.read_text(encoding="utf-8")
    blocks = re.split(r"^(?=[A-Za-z0-9])", text, flags=re.MULTILINE)[1:]
    return {package.name: package for package in map(_package, blocks)}


def of_an_installation(packages: Mapping[str, Package], project: Path = PROJECT) -> tuple[Package, ...]:
    """What `vidmesh[server]` needs, in order of names."""
    told = tomllib.loads(project.read_text(encoding="utf-8"))["project"]
    asked = [*told["dependencies"], *told["optional-dependencies"]["server"]]
    needed = {normal(found[0]) for one in asked if (found := _NAME.match(one))}
    while further := {name for name, one in packages.items() if one.asked_by & needed} - needed:
        needed |= further
    missing = needed - packages.keys()
    if missing:
        raise ValueError(f"not in the lock: {', '.join(sorted(missing))}")
    return tuple(packages[name] for name in sorted(needed))


def _package(block: str) -> Package:
    head = _HEAD.match(block)
    if head is None:
        raise ValueError(f"requirements.lock: {block.splitlines()[0]!r} is not understood.")
    return Package(
        name=normal(head["name"]),
        version=head["version"],
        marker=head["marker"] or "",
        asked_by=frozenset(_askers(block)),
        digests=len(re.findall(r"--hash=sha256:[0-9a-f]{64}", block)),
        text=block,
    )


def _askers(block: str) -> Iterator[str]:
    for line in block.partition("# via")[2].splitlines():
        word = line.strip().removeprefix("#").strip()
        if word and not word.startswith("vidmesh "):
            yield normal(word.partition("[")[0])
