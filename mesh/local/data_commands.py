"""The commands that copy what a stack holds. Cheap to import, as commands.py says."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from mesh.local.commands import StackCommand

if TYPE_CHECKING:
    import argparse


def _data(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--data", type=Path, metavar="DIR", help="the stack's data folder (default: VIDMESH_DATA, or .vidmesh)"
    )


def _services(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--service", action="append", default=[], metavar="NAME", help="this service alone; may be repeated"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def _export(parser: argparse.ArgumentParser) -> None:
    _data(parser)
    parser.add_argument(
        "--from",
        dest="source",
        metavar="URL",
        help="the tables, e.g. 'sqlite:///srv/video/tables/{service}.db' (default: those of the stack, stopped)",
    )
    parser.add_argument("--to", type=Path, metavar="FOLDER", required=True, help="where the dumps go, one a service")
    _services(parser)


def _import(parser: argparse.ArgumentParser) -> None:
    _data(parser)
    parser.add_argument("--from", dest="source", type=Path, metavar="FOLDER", required=True, help="where the dumps are")
    parser.add_argument(
        "--to",
        dest="target",
        metavar="URL",
        help="empty tables, e.g. 'cql://host/vidmesh_{service}' (default: those of the stack, stopped)",
    )
    parser.add_argument("--verify", action="store_true", help="write nothing; compare the dumps with the tables")
    _services(parser)


def _backup(parser: argparse.ArgumentParser) -> None:
    _data(parser)
    parser.add_argument(
        "--to", type=Path, metavar="FOLDER", required=True, help="where the back-up is kept; the next one adds to it"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def _restore(parser: argparse.ArgumentParser) -> None:
    _data(parser)
    parser.add_argument("--from", dest="source", type=Path, metavar="FOLDER", required=True, help="the back-up")
    parser.add_argument("--json", action="store_true", help="print one JSON object")


EXPORT = StackCommand(
    "export",
    "write all tables to files that any engine can take",
    "Writes each service's tables to FOLDER/<service>.dump. Cut off, it goes on where it was when it is run again.\n"
    "The stack must be stopped, so that the files are of one moment. They hold password hashes: keep them safe.",
    "  vidmesh export --to dumps\n"
    "  vidmesh export --from 'sqlite:///srv/video/tables/{service}.db' --to dumps --service svc_social",
    _export,
    "exporting",
)
IMPORT = StackCommand(
    "import",
    "read tables from files into an empty engine",
    "Reads what `export` wrote into empty tables, then compares every row. Cut off, it goes on where it was when it\n"
    "is run again. Rows keep the time at which they end. Exit code 1 when something differs.",
    "  vidmesh import --from dumps --to 'cql://10.0.0.1/vidmesh_{service}'\n"
    "  vidmesh import --from dumps --to 'cql://10.0.0.1/vidmesh_{service}' --verify",
    _import,
    "importing",
)
BACKUP = StackCommand(
    "backup",
    "copy everything that a running stack holds",
    "Copies tables, objects, events and keys while the stack runs. What was acknowledged before it began is in it.\n"
    "The next back-up into the same folder copies only objects that are new. It holds every secret: keep it safe.",
    "  vidmesh backup --to /mnt/safe/video\n  vidmesh backup --data /srv/video --to /mnt/safe/video --json",
    _backup,
    "backing_up",
)
RESTORE = StackCommand(
    "restore",
    "make a data folder from a back-up",
    "Makes a new data folder, named by --data, from a back-up, checking every file. Then `vidmesh up` starts it.",
    "  vidmesh restore --from /mnt/safe/video --data /srv/video-2",
    _restore,
    "restoring",
)
