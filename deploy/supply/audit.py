"""`python -m deploy.supply.audit [--strict]`: asks the advisories about every locked package.

Ends with 1 where a vulnerability is known, and with 0 otherwise; where nobody could be asked it says so, and with
`--strict` ends with 2. `pip-audit` counts a package that its service does not know among those without vulnerabilities,
and a mirror of the registry knows none.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from deploy.supply.lock import LOCK

PATIENCE: Final = 15
"""Seconds that one answer of the service may take."""
NOT_ASKED: Final = 2


@dataclass(frozen=True, slots=True)
class Report:
    """What was learnt."""

    asked: int
    """Packages that the service knows."""
    unknown: tuple[str, ...]
    """Packages that it could not be asked about."""
    found: tuple[str, ...]
    """Known vulnerabilities, each as one line."""


def read(answer: dict[str, Any]) -> Report:
    """The report in what `pip-audit --format json` wrote."""
    packages: list[dict[str, Any]] = answer["dependencies"]
    return Report(
        asked=sum("version" in one for one in packages),
        unknown=tuple(one["name"] for one in packages if "version" not in one),
        found=tuple(
            f"{one['name']} {one['version']}: {bug['id']}, mended in {', '.join(bug['fix_versions']) or 'no version'}"
            for one in packages
            for bug in one.get("vulns", ())
        ),
    )


def told(report: Report | None) -> str:
    """The report for a person; None is one that could not be had."""
    if report is None or report.asked == 0:
        return "NOT AUDITED: the service with the advisories could not be asked from here. Repeat it where it can be.\n"
    lines = [*report.found, f"Audited: {report.asked}. Known vulnerabilities: {len(report.found)}."]
    if report.unknown:
        lines.append(f"NOT AUDITED, because the service does not know them: {', '.join(report.unknown)}.")
    return "\n".join(lines) + "\n"


def verdict(report: Report | None, strict: bool) -> int:
    """The exit code."""
    if report is not None and report.found:
        return 1
    whole = report is not None and report.asked > 0 and not report.unknown
    return NOT_ASKED if strict and not whole else 0


def ask(lock: Path = LOCK) -> Report | None:
    """Runs `pip-audit`; None where it has no answer."""
    with tempfile.TemporaryDirectory() as scratch:
        answer = Path(scratch, "audit.json")
        done = subprocess.run(  # noqa: S603 (our own tool, no shell)
            [
                *(sys.executable, "-m", "pip_audit", "--requirement", str(lock), "--disable-pip", "--require-hashes"),
                *("--progress-spinner", "off", "--timeout", str(PATIENCE)),
                *("--format", "json", "--output", str(answer)),
            ],
            capture_output=True,
            text=True,
            check=False,
        )
        if not answer.exists() or not answer.stat().st_size:
            sys.stderr.write(done.stderr)
            return None
        return read(json.loads(answer.read_text(encoding="utf-8")))


def main() -> int:
    """Audits, tells, and gives the verdict."""
    parser = argparse.ArgumentParser(description="Ask the advisories about every locked package.")
    parser.add_argument("--strict", action="store_true", help="fail as well where not everything could be audited")
    strict: bool = parser.parse_args().strict
    report = ask()
    sys.stdout.write(told(report))
    return verdict(report, strict)


if __name__ == "__main__":
    sys.exit(main())
