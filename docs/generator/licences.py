"""The packages that an installation needs, with the licences that their own metadata state."""

from __future__ import annotations

import re
from importlib import metadata
from pathlib import Path

from deploy.supply.lock import Package, locked, of_an_installation
from docs.generator.markdown import code, page, table

PLACE = "licences.md"
ROW = re.compile(r"^\| \[?`(?P<name>[^`]+)`.*$", re.MULTILINE)
OSI = "License :: OSI Approved :: "


def licence_page(committed: Path) -> str:
    """The page of packages. What is not for this environment keeps the row that is committed at its version."""
    there = committed.read_text(encoding="utf-8") if committed.exists() else ""
    rows = [_row(package, there) for package in of_an_installation(locked())]
    return page(
        "Licences of packages",
        "What an installation (`vidmesh[server]`) consists of besides vidmesh itself, as `requirements.lock` pins it. "
        "Licences are as each package's own metadata state them, which is the package's word for its wrapper and not "
        "always for what is inside: [licences.md](../licences.md) says where they differ.",
        table(("package", "version", "licence", "for", "carries its text"), rows),
    )


def _row(package: Package, there: str) -> tuple[str, ...]:
    try:
        found = metadata.distribution(package.name)
    except metadata.PackageNotFoundError:
        return _kept(package, there)
    text = any("licen" in str(file).lower() or "copying" in str(file).lower() for file in found.files or ())
    licence = stated(found.metadata)
    return (code(package.name), package.version, licence, _markers(package), "yes" if text else "no")


def _kept(package: Package, there: str) -> tuple[str, ...]:
    """The committed row of a package that is not installed here."""
    for row in ROW.finditer(there):
        cells = [cell.strip() for cell in row[0].strip("|").split(" | ")]
        if row["name"] == package.name and cells[1] == package.version:
            return (code(package.name), package.version, cells[2], _markers(package), cells[4])
    return (code(package.name), package.version, "not looked at", _markers(package), "")


def stated(told: metadata.PackageMetadata) -> str:
    """The licence in a package's metadata: the expression (PEP 639), or what stood there before."""
    if "License-Expression" in told:
        return told["License-Expression"]
    classifiers = [str(one) for one in told.get_all("Classifier") or ()]
    named = [one.removeprefix(OSI) for one in classifiers if one.startswith(OSI)]
    free = told["License"].strip().splitlines() if "License" in told else []
    return ", ".join(named) or (free[0] if free else "not stated")


def _markers(package: Package) -> str:
    return code(package.marker) if package.marker else ""
