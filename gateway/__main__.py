"""`python -m gateway [--listen HOST:PORT] [--config FILE]`: the control plane of the edge."""

from __future__ import annotations

import argparse
import functools
import sys
from pathlib import Path

from gateway.server import NAME, serve
from mesh.process import run_process


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m gateway", description="The control plane of the edge.")
    parser.add_argument("--listen", metavar="HOST:PORT", help="instead of services.gateway in the configuration")
    parser.add_argument(
        "--config", metavar="FILE", type=Path, help="instead of the configuration that VIDMESH_CONFIG names"
    )
    chosen = parser.parse_args()
    return run_process(NAME, functools.partial(serve, chosen.listen), chosen.config)


if __name__ == "__main__":
    sys.exit(main())
