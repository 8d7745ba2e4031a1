"""`vidmesh doctor`: what `up` needs, checked one by one."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from typing import TYPE_CHECKING

from mesh.local.control import data_folder
from mesh.local.diagnosis import diagnose

if TYPE_CHECKING:
    import argparse


def run(args: argparse.Namespace) -> int:
    checks = diagnose(data_folder(args.data), args.config)
    if args.json:
        sys.stdout.write(json.dumps({"checks": [asdict(check) for check in checks]}, indent=1) + "\n")
    else:
        width = max(len(check.name) for check in checks)
        for check in checks:
            sys.stdout.write(f"{check.level:4}  {check.name:{width}}  {check.finding}\n")
            if check.advice:
                sys.stdout.write(f"      {'':{width}}  → {check.advice}\n")
    return 1 if any(check.level == "fail" for check in checks) else 0
