"""`vidmesh login`."""

from __future__ import annotations

import argparse

from vidmesh.client.commands.session import connected, password, print_json, print_lines


async def run(args: argparse.Namespace) -> int:
    """Signs in."""
    async with connected(args) as (client, _):
        sign_in = await client.sign_in(args.email, password(args.password))
    if args.json:
        print_json({"account_id": sign_in.account_id, "username": sign_in.username})
    else:
        print_lines([f"Signed in as {sign_in.username}."])
    return 0
