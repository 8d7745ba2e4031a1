"""The command line's frame: `vidmesh COMMAND …`.

Commands are found by entry point (group `vidmesh.commands`), so that the packages which bring them are named in
one place and none is imported before it is asked for. Whatever goes wrong becomes one sentence on standard error
and a non-zero exit code; `VIDMESH_DEBUG=1` shows the traceback instead.
"""

from __future__ import annotations

import argparse
import os
import re
import signal
import sys
from dataclasses import dataclass
from importlib import metadata
from typing import TYPE_CHECKING, Protocol, cast

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

GROUP = "vidmesh.commands"
INTERRUPTED = 128 + signal.SIGINT
BROKEN_PIPE = 128 + signal.SIGPIPE
OWN_PACKAGES = re.compile(r"(vidmesh|mesh|gateway|svc_[a-z]+)(\.|$)")
DEBUG = "VIDMESH_DEBUG"

EPILOG = """\
a first walk:
  vidmesh up --detach                                   start everything on this machine
  vidmesh signup --email you@example.org --password … --handle you
  vidmesh upload clip.mp4 --title "First" --wait playable
  vidmesh play VIDEO                                    the addresses that a player takes
  vidmesh down

`vidmesh COMMAND --help` says more about each. Commands find the installation by --data DIR (default .vidmesh), or by
VIDMESH_URL, the address of any edge.
"""


class Command(Protocol):
    """What an entry point of the group names: one command.

    The protocol is structural, so that a package brings commands without importing this module. The module that
    holds a command must be cheap to import: what is heavy is imported inside `run`.
    """

    @property
    def name(self) -> str:
        """What is typed."""
        ...

    @property
    def help(self) -> str:
        """One line for the list of commands; a longer text is set as `parser.description` by `configure`."""
        ...

    def configure(self, parser: argparse.ArgumentParser) -> None:
        """Adds arguments, a description and examples (`parser.epilog`) to the command's own parser."""
        ...

    def run(self, args: argparse.Namespace) -> int:
        """Does it, and returns the exit code. The text of an exception that leaves it is shown as one sentence."""
        ...


class CommandError(Exception):
    """A command cannot do what it was asked to; the message is one sentence for a person."""

    def __init__(self, sentence: str, exit_code: int = 1) -> None:
        super().__init__(sentence)
        self.exit_code = exit_code


@dataclass(frozen=True, slots=True)
class Unavailable:
    """Stands for a command whose package cannot be imported here, such as one that needs an extra."""

    name: str
    reason: str

    @property
    def help(self) -> str:
        return f"(not available: {self.reason})"

    def configure(self, parser: argparse.ArgumentParser) -> None:
        """Takes any arguments, so that the reason is told whatever was typed."""
        parser.add_argument("arguments", nargs=argparse.REMAINDER, help=argparse.SUPPRESS)

    def run(self, args: argparse.Namespace) -> int:
        del args
        raise CommandError(f"The command {self.name} is not available: {self.reason}.")


def found_commands() -> Mapping[str, metadata.EntryPoint]:
    """Every command by name, none of them loaded."""
    return {point.name: point for point in metadata.entry_points(group=GROUP)}


def load(point: metadata.EntryPoint) -> Command:
    """The command that an entry point names."""
    try:
        return cast("Command", point.load())
    except (ImportError, AttributeError) as error:
        missing = getattr(error, "name", None) or point.value
        if debugging():
            raise
        extra = "" if OWN_PACKAGES.match(str(missing)) else "; `pip install 'vidmesh[server]'` brings it"
        return Unavailable(point.name, f"{missing} cannot be imported{extra}")


def parser_for(commands: Sequence[Command]) -> argparse.ArgumentParser:
    """A parser that knows these commands; the chosen one is `args.command`."""
    parser = argparse.ArgumentParser(
        prog="vidmesh",
        description="A self-hostable video platform: run it, and talk to it.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"vidmesh {version()}")
    choices = parser.add_subparsers(metavar="COMMAND", title="commands", required=True)
    for command in commands:
        chosen = choices.add_parser(
            command.name,
            help=command.help,
            description=command.help[:1].upper() + command.help[1:] + ".",
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        command.configure(chosen)
        chosen.set_defaults(command=command)
    return parser


def version() -> str:
    """The version of the installed distribution."""
    try:
        return metadata.version("vidmesh")
    except metadata.PackageNotFoundError:
        return "(not installed)"


def debugging() -> bool:
    """Whether tracebacks are wanted."""
    return os.environ.get(DEBUG, "") not in ("", "0")


def sentence_of(error: BaseException) -> str:
    """One line that tells a person what went wrong."""
    text = " ".join(str(error).split())
    if OWN_PACKAGES.match(type(error).__module__):
        return text or type(error).__name__
    if isinstance(error, OSError) and error.strerror:
        return f"{error.filename}: {error.strerror}" if error.filename else error.strerror
    return f"Unexpected {type(error).__name__}: {text} ({DEBUG}=1 shows where it happened)"


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one command and returns its exit code: 130 for Ctrl-C, 141 for a reader that went away."""
    words = list(sys.argv[1:] if argv is None else argv)
    found = found_commands()
    # The chosen command alone is imported; all of them only for the list.
    wanted = [found[words[0]]] if words and words[0] in found else list(found.values())
    try:
        args = parser_for([load(point) for point in sorted(wanted, key=lambda point: point.name)]).parse_args(words)
        code = cast("Command", args.command).run(args)
        sys.stdout.flush()
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        # Python would write to the closed pipe once more while it ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return BROKEN_PIPE
    except Exception as error:
        if debugging():
            raise
        sys.stderr.write(f"vidmesh: {sentence_of(error)}\n")
        return error.exit_code if isinstance(error, CommandError) else 1
    return code


if __name__ == "__main__":
    sys.exit(main())
