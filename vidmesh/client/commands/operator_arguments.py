"""What commands for those who run an installation take on their command line."""

from __future__ import annotations

import argparse
from textwrap import fill

from vidmesh.client.commands.arguments import WIDTH, common


def jobs(parser: argparse.ArgumentParser) -> None:
    """Arguments of `vidmesh jobs`."""
    parser.description = fill(
        "Shows what waits for workers, what they have, and what was given up, and has that done again. Only "
        "administrators may.",
        WIDTH,
    )
    actions = parser.add_subparsers(metavar="ACTION", title="actions", required=True, dest="action")
    queue = actions.add_parser("queue", help="how the work gets on, and who waits: what goes first is first")
    limited(queue)
    running = actions.add_parser("running", help="what the workers have")
    limited(running)
    dead = actions.add_parser("dead", help="what was given up though its file may be good, oldest first")
    limited(dead)
    show = actions.add_parser("show", help="one job that was given up")
    show.add_argument("dead_job", metavar="DEAD_JOB", help="its number in the list")
    common(show)
    retry = actions.add_parser("retry", help="process again what its video misses, and take it off the list")
    retry.add_argument("dead_job", metavar="DEAD_JOB", help="its number in the list")
    common(retry)


def limited(parser: argparse.ArgumentParser) -> None:
    """Arguments of a list."""
    parser.add_argument("--limit", type=int, default=100, metavar="N", help="show at most N (default: 100)")
    common(parser)
