"""What a worker may be told on its command line. Cheap to import."""

from __future__ import annotations

import argparse
import os
import re
import socket
from dataclasses import dataclass
from pathlib import Path
from typing import Final

CACHE_BYTES: Final = 2 << 30
NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")


@dataclass(frozen=True, slots=True)
class Choice:
    """How this worker runs."""

    slots: int
    """Jobs at a time."""
    name: str
    """For people, and of its folder in the scratch space: two workers that share the space need two names."""
    scratch: Path | None
    """Where it keeps parts and outputs while it works; None: the installation's data folder."""
    cache_bytes: int
    """Most bytes of parts that it keeps."""
    config: Path | None
    """Configuration file; None: the one that VIDMESH_CONFIG names."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds a worker's arguments."""
    parser.add_argument("--slots", type=_positive, default=1, metavar="N", help="jobs at a time (default: 1)")
    parser.add_argument("--name", type=_name, default=default_name(), help="of this worker (default: host-pid)")
    parser.add_argument("--config", type=Path, metavar="FILE", help="instead of the one that VIDMESH_CONFIG names")
    parser.add_argument("--scratch", type=Path, metavar="DIR", help="for what it works on (default: under the data)")
    parser.add_argument(
        "--cache-bytes", type=_positive, default=CACHE_BYTES, metavar="N", help="most bytes of sources kept in scratch"
    )


def chosen(args: argparse.Namespace) -> Choice:
    """What was chosen."""
    return Choice(args.slots, args.name, args.scratch, args.cache_bytes, args.config)


def default_name() -> str:
    """host-pid."""
    host = re.sub(r"[^A-Za-z0-9._-]", "-", socket.gethostname()).lstrip("._-")[:100]
    return f"{host or 'worker'}-{os.getpid()}"


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text} is not positive")
    return number


def _name(text: str) -> str:
    if not NAME.fullmatch(text):
        raise argparse.ArgumentTypeError(f"{text!r} is no name: letters, digits, '.', '_' and '-', at most 128")
    return text
