"""`vidmesh worker`: a transcoding worker, on this machine or on any that reaches the installation's insides."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from svc_transcode.worker.arguments import add_arguments, chosen

if TYPE_CHECKING:
    import argparse


class Worker:
    """Runs a worker until it is told to end."""

    name: Final = "worker"
    help: Final = "run a transcoding worker"

    def configure(self, parser: argparse.ArgumentParser) -> None:
        """Adds the command's arguments."""
        parser.description = (
            "Takes transcoding jobs from the bus and does them, until it is told to end (SIGTERM, Ctrl-C). "
            "It needs the bus, the object store and the addresses of svc_transcode and svc_upload."
        )
        parser.epilog = "example:\n  vidmesh worker --config .vidmesh/run/config.toml --slots 2"
        add_arguments(parser)

    def run(self, args: argparse.Namespace) -> int:
        """Works; the exit code."""
        from svc_transcode.worker.program import run_worker

        return run_worker(chosen(args))


WORKER: Final = Worker()
