"""`vidmesh web`. Cheap to import, as commands.py says."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from mesh.local.commands import StackCommand

if TYPE_CHECKING:
    import argparse


def _web(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(metavar="ACTION", title="actions", required=True, dest="action")
    publish = actions.add_parser("publish", help="make the edges serve a build of the pages")
    publish.add_argument(
        "folder", type=Path, nargs="?", metavar="FOLDER", help="the build (default: web/dist of this checkout)"
    )
    publish.add_argument(
        "--data", type=Path, metavar="DIR", help="the stack's data folder (default: VIDMESH_DATA, or .vidmesh)"
    )
    publish.add_argument(
        "--config",
        type=Path,
        metavar="FILE",
        help="the configuration that names the object store, for a fleet",
    )


WEB = StackCommand(
    "web",
    "publish the web app",
    "Brings a build of the web app into the object store, from where the edges serve it. Open pages of the build\n"
    "before go on with their own files. A stack that starts in a checkout publishes what `make web` built.",
    "  make web                        builds the pages, and publishes them to the stack that runs here\n"
    "  vidmesh web publish\n"
    "  vidmesh web publish web/dist --config cluster.toml",
    _web,
    "pages.command",
)
