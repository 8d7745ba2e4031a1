"""What the commands about sign-ins, passwords, tokens and invitations take on their command lines."""

from __future__ import annotations

import argparse
from textwrap import fill

from vidmesh.client.commands.arguments import WIDTH, common

SCOPES = ("read", "upload", "manage", "administer")


def password(parser: argparse.ArgumentParser) -> None:
    """Arguments of `vidmesh password`."""
    parser.description = fill(
        "Changes the password, which ends every other sign-in; or chooses a new one by a code that an administrator "
        "made. Passwords that are not given are asked for, or read from standard input, a line each.",
        WIDTH,
    )
    actions = parser.add_subparsers(metavar="ACTION", title="actions", required=True, dest="action")
    change = actions.add_parser("change", help="by the password until now")
    change.add_argument("--current", metavar="PASSWORD", help="the password until now")
    change.add_argument("--new", metavar="PASSWORD", help="8 to 128 characters")
    change.add_argument("--delete-tokens", action="store_true", help="delete all API tokens as well")
    common(change)
    reset = actions.add_parser("reset", help="by a code; ends every sign-in and API token")
    reset.add_argument("code", metavar="CODE", help="as the administrator gave it")
    reset.add_argument("--new", metavar="PASSWORD", help="8 to 128 characters")
    common(reset)
    code = actions.add_parser("code", help="make such a code, as an administrator")
    code.add_argument("account", metavar="ACCOUNT", help="the id of the account")
    common(code)


def sessions(parser: argparse.ArgumentParser) -> None:
    """Arguments of `vidmesh sessions`."""
    parser.description = "Shows and ends your sign-ins."
    actions = parser.add_subparsers(metavar="ACTION", title="actions", required=True, dest="action")
    common(actions.add_parser("list", help="newest first; the one in use has a star"))
    end = actions.add_parser("end", help="end one")
    end.add_argument("session", metavar="SESSION", help="its id")
    common(end)
    all_of_them = actions.add_parser("end-all", help="end all, this one included")
    all_of_them.add_argument("--keep-current", action="store_true", help="but this one")
    all_of_them.add_argument("--delete-tokens", action="store_true", help="delete all API tokens as well")
    common(all_of_them)


def token(parser: argparse.ArgumentParser) -> None:
    """Arguments of `vidmesh token`."""
    parser.description = fill(
        "Makes, lists and deletes personal API tokens. Commands use the one in the variable VIDMESH_TOKEN instead of "
        "a sign-in; other programmes send it as `authorization: Bearer …`.",
        WIDTH,
    )
    actions = parser.add_subparsers(metavar="ACTION", title="actions", required=True, dest="action")
    create = actions.add_parser("create", help="make one; it is shown this once")
    create.add_argument("name", metavar="NAME", help='what it is for, e.g. "backup script"')
    create.add_argument(
        "--scope", action="append", required=True, choices=SCOPES, help="what it may do; may be given several times"
    )
    create.add_argument("--days", type=float, default=30, metavar="N", help="how long it is good (default: 30)")
    common(create)
    common(actions.add_parser("list", help="newest first, without the tokens themselves"))
    delete = actions.add_parser("delete", help="delete one; it is refused at once")
    delete.add_argument("token", metavar="TOKEN_ID", help="its id")
    common(delete)


def invite(parser: argparse.ArgumentParser) -> None:
    """Arguments of `vidmesh invite`."""
    parser.description = "Makes, lists and takes back invitations to sign up. Only administrators may."
    actions = parser.add_subparsers(metavar="ACTION", title="actions", required=True, dest="action")
    create = actions.add_parser("create", help="make one; its code is shown this once")
    create.add_argument("--uses", type=int, default=1, metavar="N", help="accounts that may be made (default: 1)")
    create.add_argument("--days", type=float, default=7, metavar="N", help="how long it is good (default: 7)")
    create.add_argument("--note", default="", help="for whom it is; only administrators see it")
    common(create)
    common(actions.add_parser("list", help="open invitations, newest first"))
    delete = actions.add_parser("delete", help="take one back; accounts made by it stay")
    delete.add_argument("invite", metavar="INVITE_ID", help="its id")
    common(delete)
