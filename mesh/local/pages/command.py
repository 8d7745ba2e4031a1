"""What `vidmesh web` does."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from mesh.config import load_settings
from mesh.local.datadir import DataDir, data_folder
from mesh.local.last_settings import last_settings
from mesh.local.pages.build import CHECKOUT, read_build
from mesh.local.pages.publishing import publish

if TYPE_CHECKING:
    import argparse


def run(args: argparse.Namespace) -> int:
    folder = DataDir(data_folder(args.data))
    settings = (
        load_settings(args.config)
        if args.config is not None
        else last_settings(folder, "start it with `vidmesh up`, or name a fleet's configuration by --config")
    )
    new = publish(settings.objects, read_build(args.folder or CHECKOUT))
    where = settings.edge.public_url or "the edge"
    sys.stdout.write(f"vidmesh: {'published' if new else 'published already'}: {where}/\n")
    return 0
