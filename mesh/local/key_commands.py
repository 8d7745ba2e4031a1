"""`vidmesh keys`. Cheap to import, as commands.py says."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from mesh.local.commands import StackCommand

if TYPE_CHECKING:
    import argparse

AFTER = 60
"""Seconds until a new key signs: edges ask for keys every 10 s, services when they see one that they do not know."""


def _common(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--data", type=Path, metavar="DIR", help="the stack's data folder (default: VIDMESH_DATA, or .vidmesh)"
    )
    parser.add_argument(
        "--config", type=Path, metavar="FILE", help="the configuration that names the key files, instead of a stack's"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def _keys(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(metavar="ACTION", title="actions", required=True, dest="action")
    _common(actions.add_parser("list", help="show the keys and what each is for; never the keys themselves"))
    rotate = actions.add_parser("rotate", help="begin to sign with a new key")
    rotate.add_argument("ring", choices=("access", "grants"), help="keys of access tokens, or of grants to watch")
    rotate.add_argument(
        "--after",
        type=float,
        default=AFTER,
        metavar="SECONDS",
        help=f"when the new key signs; everybody must have it by then (default {AFTER})",
    )
    rotate.add_argument(
        "--leaked",
        action="store_true",
        help="the old keys are known to others: nothing that they signed is believed any more",
    )
    _common(rotate)


KEYS = StackCommand(
    "keys",
    "show and rotate the keys that sign",
    "Shows the keys that sign access tokens and grants, or puts a new one in front while everything runs. The new key\n"
    "is published at once and signs a minute later; the old one is believed until the last token that it signed has\n"
    "expired. Services see the change of the file by themselves; where each has a file of its own, copy it.",
    "  vidmesh keys list\n  vidmesh keys rotate access\n  vidmesh keys rotate grants --leaked",
    _keys,
    "keys",
)
