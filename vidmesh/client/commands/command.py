"""What all commands of the client have in common."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module


@dataclass(frozen=True, slots=True)
class ClientCommand:
    """One command, by the names that the command line looks for."""

    name: str
    help: str
    arguments: Callable[[argparse.ArgumentParser], None]
    module: str
    """Beside this one; its `run(args)` is a coroutine that returns the exit code."""

    def configure(self, parser: argparse.ArgumentParser) -> None:
        """Adds the command's arguments."""
        self.arguments(parser)

    def run(self, args: argparse.Namespace) -> int:
        """Does it. Raises `ClientError` or `VidmeshError`, whose text is a sentence for a person."""
        import asyncio

        # An error is one sentence on standard error; gRPC's own log of connections would stand beside it.
        os.environ.setdefault("GRPC_VERBOSITY", "NONE")
        work = import_module(f"vidmesh.client.commands.{self.module}")
        return asyncio.run(work.run(args))
