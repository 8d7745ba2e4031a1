"""`vidmesh signup`."""

from __future__ import annotations

import argparse

from vidmesh.client.commands.session import connected, password, print_json, print_lines
from vidmesh.social.v1.account_pb2 import Role


async def run(args: argparse.Namespace) -> int:
    """Makes the account and signs it in."""
    async with connected(args) as (client, _):
        made = await client.sign_up(
            args.email, password(args.password, new=True), args.handle, args.name, args.invite_code
        )
    role = Role.Name(made.account.role).removeprefix("ROLE_").lower()
    if args.json:
        print_json(
            {
                "account_id": made.account.account_id,
                "channel_id": made.channel.channel_id,
                "handle": made.channel.handle,
                "role": role,
            }
        )
    else:
        print_lines([f"Signed in as {made.account.username} ({role}); the channel is @{made.channel.handle}."])
    return 0
