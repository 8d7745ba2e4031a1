"""`vidmesh up`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from mesh.local.control import UpOptions, start_detached

if TYPE_CHECKING:
    import argparse


def run(args: argparse.Namespace) -> int:
    options = UpOptions(
        data=args.data,
        config=args.config,
        host=args.host,
        port=args.port,
        workers=args.workers,
        only=tuple(filter(None, args.only.split(","))),
    )
    if args.detach:
        sys.stdout.write(f"vidmesh: ready: {start_detached(options)}\n")
        return 0
    from mesh.local.foreground import run_stack

    run_stack(options)
    return 0
