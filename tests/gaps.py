"""Lists what could not run, and why, from pytest's report: `python tests/gaps.py REPORT.xml`.

On a build machine (`CI=true`) a test that is skipped because something is not installed is a failure: there it can be
installed. What the platform does not offer is only listed.
"""

from __future__ import annotations

import os
import re
import sys
from collections import Counter
from pathlib import Path
from xml.etree import ElementTree

NOT_INSTALLED = re.compile(r"not installed|not found|could not import|no module named|install ", re.IGNORECASE)


def skipped(report: Path) -> Counter[str]:
    """How many tests were skipped for each reason."""
    root = ElementTree.parse(report).getroot()
    return Counter(entry.get("message") or "no reason given" for entry in root.iter("skipped"))


def main(report: Path, build_machine: bool) -> int:
    if not report.exists():
        print("No report: the tests did not come to an end.")
        return 1
    reasons = skipped(report)
    print("\nCould not run:" if reasons else "\nEverything could run.")
    failures = 0
    for reason, count in sorted(reasons.items()):
        failure = build_machine and NOT_INSTALLED.search(reason) is not None
        failures += failure
        print(f"  {count} {'test' if count == 1 else 'tests'}: {reason}{'  [a failure here]' if failure else ''}")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), os.environ.get("CI") == "true"))
