"""`vidmesh demo`: a real clip through the real parts, start to end, in one command."""

from __future__ import annotations

from pathlib import Path
from textwrap import fill
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import argparse


class Demo:
    """The command, as `mesh.cli.Command` has it."""

    name: Final = "demo"
    help: Final = "start everything, upload a clip, and read it back as a player does"

    def configure(self, parser: argparse.ArgumentParser) -> None:
        """Adds the command's arguments."""
        parser.description = fill(
            "Starts a stack where none runs, uploads a file, shows its processing, waits until every quality is "
            "made, fetches the adaptive stream through the edge, decodes it, and tells what each step took. On a "
            "terminal the stack stays up until Ctrl-C; otherwise everything is stopped at the end. The exit code is "
            "0 only if all of it went well.",
            100,
        )
        parser.add_argument("file", nargs="?", type=Path, metavar="FILE", help="any video (default: the test clip)")
        parser.add_argument("--data", type=Path, metavar="DIR", help="data of the stack (default: .vidmesh)")
        parser.add_argument("--port", type=int, metavar="N", help="port of the edge; 0 chooses a free one")

    def run(self, args: argparse.Namespace) -> int:
        """Does it. Raises the sentence of whatever goes wrong."""
        from mesh.local.demo.run import run

        return run(args.file, args.data, args.port)


DEMO: Final = Demo()
