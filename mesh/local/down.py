"""`vidmesh down`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from mesh.local.control import data_folder, stop

if TYPE_CHECKING:
    import argparse


def run(args: argparse.Namespace) -> int:
    folder = data_folder(args.data)
    stopped = stop(folder)
    sys.stdout.write(f"vidmesh: {'stopped' if stopped else f'nothing runs on {folder}'}\n")
    return 0
