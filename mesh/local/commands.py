"""The stack's commands. Cheap to import: what does the work is imported when it is asked for."""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable


class Runner(Protocol):
    """What a command does; each lives in a module of its own, imported only to be run."""

    def __call__(self, args: argparse.Namespace) -> int: ...


@dataclass(frozen=True, slots=True)
class StackCommand:
    """One command: its words, and the name of the function in `mesh.local` that does it."""

    name: str
    help: str
    description: str
    examples: str
    arguments: Callable[[argparse.ArgumentParser], None]
    module: str

    def configure(self, parser: argparse.ArgumentParser) -> None:
        parser.description = self.description
        parser.epilog = f"examples:\n{self.examples}"
        self.arguments(parser)

    def run(self, args: argparse.Namespace) -> int:
        from importlib import import_module

        from mesh.local.errors import StackError

        runner: Runner = import_module(f"mesh.local.{self.module}").run
        try:
            return runner(args)
        except StackError as error:
            sys.stderr.writelines(f"  {line}\n" for line in error.details)
            raise


def _data(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--data", type=Path, metavar="DIR", help="where the stack keeps everything (default: VIDMESH_DATA, or .vidmesh)"
    )


def _config(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--config", type=Path, metavar="FILE", help="a configuration file; what it does not say keeps its default"
    )


def _json(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def _up(parser: argparse.ArgumentParser) -> None:
    _data(parser)
    parser.add_argument("--port", type=int, metavar="N", help="the edge's port; 0 takes a free one (default 8080)")
    parser.add_argument("--host", metavar="HOST", help="what the edge listens on (default 127.0.0.1: this machine)")
    parser.add_argument("--public-url", metavar="URL", help="how viewers reach it, e.g. https://video.example.org")
    parser.add_argument("--workers", type=int, metavar="N", help="transcoding workers (default: cores less one)")
    parser.add_argument("--detach", action="store_true", help="return when all is ready, and leave it running")
    _config(parser)
    parser.add_argument(
        "--only", metavar="PART,…", default="", help="start these parts alone, to run the others by hand"
    )


def _status(parser: argparse.ArgumentParser) -> None:
    _data(parser)
    _json(parser)


def _doctor(parser: argparse.ArgumentParser) -> None:
    _data(parser)
    _config(parser)
    _json(parser)


def _print_config(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--print", action="store_true", required=True, help="print what is in force")
    _config(parser)
    _json(parser)


UP = StackCommand(
    "up",
    "start everything on this machine",
    "Starts the whole platform: object store, bus, services, workers and the edge. What dies is started again.\n"
    "Ctrl-C stops it; the data stays, and the next `up` finds it. The logs are in DIR/logs.",
    "  vidmesh up                      on port 8080, until Ctrl-C\n"
    "  vidmesh up --detach --port 0    in the background, on a free port\n"
    "  vidmesh up --host 0.0.0.0 --port 443 --public-url https://video.example.org --config tls.toml\n"
    "                                  reachable by other machines; tls.toml names the certificate",
    _up,
    "up",
)
DOWN = StackCommand(
    "down",
    "stop what `up` started",
    "Stops the stack, the edge first, and returns when no process of it is left. The data stays.",
    "  vidmesh down\n  vidmesh down --data /srv/video",
    _data,
    "down",
)
STATUS = StackCommand(
    "status",
    "show each part: state, port, memory",
    "Shows every process of the stack. Exit code 0 when all parts are ready, 1 when not, or when nothing runs.",
    "  vidmesh status\n  vidmesh status --json",
    _status,
    "status",
)
DOCTOR = StackCommand(
    "doctor",
    "check whether this machine can run it",
    "Checks what `up` needs, and says what to do about what is missing. Exit code 1 when something must be mended.",
    "  vidmesh doctor\n  vidmesh doctor --data /srv/video",
    _doctor,
    "doctor",
)
CONFIG = StackCommand(
    "config",
    "print the configuration in force",
    "Prints every setting as it is in force, and the files it comes from. Secrets are shown as ***.\n"
    "What each means is said in the comments of the default file, which is named first.",
    "  vidmesh config --print\n  VIDMESH_EDGE__PORT=9000 vidmesh config --print --json",
    _print_config,
    "show_config",
)
