"""What each command takes on its command line."""

from __future__ import annotations

import argparse
from pathlib import Path
from textwrap import fill

WIDTH = 100
"""Columns of help; the command line shows it as it stands."""

VISIBILITIES = ("public", "unlisted", "private")


def signup(parser: argparse.ArgumentParser) -> None:
    """Arguments of `vidmesh signup`."""
    parser.description = fill(
        "Makes an account and its first channel, and signs in. The first account of an installation is its "
        "administrator. Without --password it is asked for, or read from standard input where that is no terminal.",
        WIDTH,
    )
    common(parser)
    parser.add_argument("--email", required=True, help="address for signing in")
    parser.add_argument("--password", help="8 to 128 characters")
    parser.add_argument("--handle", required=True, help="unique name of account and channel, e.g. alice")
    parser.add_argument("--name", default="", help="the name shown (default: the handle)")
    parser.add_argument(
        "--invite-code", default="", metavar="CODE", help="of an invitation; for the first account the set-up code"
    )


def login(parser: argparse.ArgumentParser) -> None:
    """Arguments of `vidmesh login`."""
    parser.description = fill(
        "Signs in. The sign-in is kept in a file that only you can read, and renews itself. "
        "Without --password it is asked for, or read from standard input where that is no terminal.",
        WIDTH,
    )
    common(parser)
    parser.add_argument("--email", required=True, help="address given at sign-up")
    parser.add_argument("--password", help="the password")


def upload(parser: argparse.ArgumentParser) -> None:
    """Arguments of `vidmesh upload`."""
    parser.description = fill(
        "Uploads a file. Interrupted in whatever way, the same command goes on where it stopped. "
        "The head of the file and its index go first, because processing wants them first.",
        WIDTH,
    )
    common(parser)
    parser.add_argument("file", type=Path, metavar="FILE", help="any video that FFmpeg can read")
    parser.add_argument("--title", required=True, help="up to 100 characters")
    parser.add_argument("--description", default="", help="up to 5000 characters")
    parser.add_argument("--tags", type=_tags, default=(), metavar="A,B", help="words to find it by")
    parser.add_argument("--channel", metavar="C", help="@handle or id (default: your first channel)")
    parser.add_argument("--visibility", choices=VISIBILITIES, default="private", help="(default: private)")
    parser.add_argument(
        "--wait",
        choices=("playable", "complete"),
        help="until it can be played, or until every quality is made and read back",
    )
    parser.epilog = (
        "examples:\n"
        "  vidmesh upload clip.mp4 --title First --visibility public --wait playable\n"
        "  vidmesh upload clip.mp4 --title First --channel @alice --wait complete --json"
    )


def videos(parser: argparse.ArgumentParser) -> None:
    """Arguments of `vidmesh videos`."""
    parser.description = "Lists, shows, changes, publishes and deletes videos."
    actions = parser.add_subparsers(metavar="ACTION", title="actions", required=True, dest="action")
    listing = actions.add_parser("list", help="a channel's videos, newest first")
    listing.add_argument("--channel", metavar="C", help="@handle or id (default: your first channel)")
    listing.add_argument("--limit", type=int, default=50, metavar="N", help="at most this many (default: 50)")
    common(listing)
    for name, text in (("get", "show a video"), ("delete", "delete a video; it is purged 30 days later")):
        common(_with_video(actions.add_parser(name, help=text, description=text.capitalize() + ".")))
    publishing = _with_video(actions.add_parser("publish", help="say who may see a video"))
    publishing.add_argument("--visibility", choices=VISIBILITIES, default="public", help="(default: public)")
    publishing.add_argument("--at", metavar="TIME", help="only public: from then on, e.g. 2030-01-31T18:00:00+01:00")
    common(publishing)
    update = _with_video(actions.add_parser("update", help="change what is said about a video"))
    update.add_argument("--title", help="up to 100 characters")
    update.add_argument("--description", help="up to 5000 characters")
    update.add_argument("--tags", type=_tags, metavar="A,B", help="all its tags; empty takes them away")
    update.add_argument("--category", help="such as Entertainment")
    update.add_argument("--language", help="BCP 47, such as en")
    update.add_argument("--age-restriction", action=argparse.BooleanOptionalAction, help="only for adults, or not")
    common(update)


def play(parser: argparse.ArgumentParser) -> None:
    """Arguments of `vidmesh play`."""
    parser.description = fill(
        "Asks for a grant and prints the addresses that a player takes. They are signed: whoever has them can watch "
        "until they expire.",
        WIDTH,
    )
    common(parser)
    _with_video(parser)


def _with_video(parser: argparse.ArgumentParser) -> argparse.ArgumentParser:
    parser.add_argument("video", metavar="VIDEO", help="its id: 11 characters")
    return parser


def common(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--data", type=Path, metavar="DIR", help="data of a stack on this machine (default: .vidmesh)")
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def _tags(text: str) -> tuple[str, ...]:
    return tuple(filter(None, (word.strip() for word in text.split(","))))
