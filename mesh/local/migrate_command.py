"""The command that changes the schema of stored data. Cheap to import, as commands.py says."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from mesh.local.commands import StackCommand

if TYPE_CHECKING:
    import argparse


def _migrate(parser: argparse.ArgumentParser) -> None:
    place = parser.add_mutually_exclusive_group()
    place.add_argument("--url", metavar="URL", help="the tables, e.g. 'cql://10.0.0.1/vidmesh_{service}'")
    place.add_argument("--config", type=Path, metavar="FILE", help="the configuration that names them")
    place.add_argument(
        "--data",
        type=Path,
        metavar="DIR",
        help="the stack's data folder (default: what VIDMESH_CONFIG names, else VIDMESH_DATA, else .vidmesh)",
    )
    parser.add_argument("--dry-run", action="store_true", help="only say what would be done; exit code 3 for something")
    parser.add_argument("--contract", action="store_true", help="drop what is retired, once no older programme runs")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("service", nargs="*", metavar="SERVICE", help="these services alone")


MIGRATE = StackCommand(
    "migrate",
    "bring the tables to this version's schema",
    "Makes the tables that this version needs, and extends those that stand; says each statement. On Cassandra and\n"
    "ScyllaDB services of the version before go on meanwhile; a stack on SQLite has to be stopped. What is retired\n"
    "stays until --contract, after which older programmes are refused. Exit code 0 when nothing is left to do.",
    "  vidmesh migrate --dry-run\n"
    "  vidmesh migrate --config cluster.toml\n"
    "  vidmesh migrate --url 'cql://10.0.0.1/vidmesh_{service}?replication=3' --contract svc_upload",
    _migrate,
    "migrating",
)
