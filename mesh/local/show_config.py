"""`vidmesh config --print`."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from mesh.config import DEFAULT_FILE, load_settings
from mesh.local import toml
from mesh.local.values import redacted

if TYPE_CHECKING:
    import argparse

NOT_SETTINGS = frozenset({"VIDMESH_CONFIG", "VIDMESH_DEBUG", "VIDMESH_TOKEN", "VIDMESH_URL"})


def run(args: argparse.Namespace) -> int:
    named = args.config or (Path(os.environ["VIDMESH_CONFIG"]) if os.environ.get("VIDMESH_CONFIG") else None)
    settings = redacted(load_settings(named))
    files = [str(DEFAULT_FILE), *([str(named.absolute())] if named else [])]
    variables = sorted(name for name in os.environ if name.startswith("VIDMESH_") and name not in NOT_SETTINGS)
    if args.json:
        text = json.dumps({"files": files, "variables": variables, "settings": settings}, indent=1) + "\n"
    else:
        sources = [f"# from {file}" for file in files] + [f"# from the variable {name}" for name in variables]
        text = "\n".join(sources) + "\n" + toml.dump(settings)
    sys.stdout.write(text)
    return 0
