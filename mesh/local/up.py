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
        public_url=args.public_url,
        workers=args.workers,
        only=tuple(filter(None, args.only.split(","))),
    )
    if args.detach:
        from mesh.config import load_settings
        from mesh.local.datadir import DataDir, data_folder
        from mesh.local.pages import publishing as pages
        from mesh.local.setup_code import hint

        sys.stdout.write(f"vidmesh: ready: {start_detached(options)}\n")
        settings = load_settings(DataDir(data_folder(options.data)).config_file)
        for told in filter(None, (pages.hint(settings), hint(settings))):
            sys.stdout.write(f"vidmesh: {told}\n")
        return 0
    from mesh.local.foreground import run_stack

    run_stack(options)
    return 0
