"""`vidmesh invite`."""

from __future__ import annotations

import argparse
from datetime import timedelta

from vidmesh.client.client import Client
from vidmesh.client.commands.session import connected, plain, print_json, print_lines
from vidmesh.social.v1.account_pb2 import Invite
from vidmesh.social.v1.account_service_pb2 import CreateInviteRequest, DeleteInviteRequest, ListInvitesRequest


async def run(args: argparse.Namespace) -> int:
    """Does the action named."""
    async with connected(args) as (client, _):
        match args.action:
            case "create":
                request = CreateInviteRequest(note=args.note, max_uses=args.uses)
                request.lifetime.FromTimedelta(timedelta(days=args.days))
                made = await client.accounts.CreateInvite(request)
                told, lines = {"invite": plain(made.invite), "invite_code": made.invite_code}, [made.invite_code]
            case "delete":
                await client.accounts.DeleteInvite(DeleteInviteRequest(invite_id=args.invite))
                told, lines = {}, ["The invitation is taken back."]
            case _:
                found = await _all(client)
                told, lines = {"invites": [plain(one) for one in found]}, [_line(one) for one in found]
    if args.json:
        print_json(told)
    else:
        print_lines(lines)
    return 0


async def _all(client: Client) -> list[Invite]:
    found: list[Invite] = []
    request = ListInvitesRequest(page_size=200)
    while True:
        answer = await client.accounts.ListInvites(request)
        found += answer.invites
        if not answer.next_page_token:
            return found
        request.page_token = answer.next_page_token


def _line(one: Invite) -> str:
    until = one.expire_time.ToDatetime().date().isoformat()
    return f"{one.invite_id}  until {until}  {one.uses} of {one.max_uses}  {one.note}"
