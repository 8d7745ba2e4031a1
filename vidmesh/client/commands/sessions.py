"""`vidmesh sessions`."""

from __future__ import annotations

import argparse

from vidmesh.client.client import Client
from vidmesh.client.commands.session import connected, plain, print_json, print_lines
from vidmesh.social.v1.account_pb2 import Session
from vidmesh.social.v1.credentials_pb2 import EndSessionRequest, ListSessionsRequest, SignOutEverywhereRequest


async def run(args: argparse.Namespace) -> int:
    """Does the action named."""
    async with connected(args) as (client, _):
        match args.action:
            case "end":
                await client.accounts.EndSession(EndSessionRequest(session_id=args.session))
                told, lines = {}, ["The sign-in has ended."]
            case "end-all":
                request = SignOutEverywhereRequest(keep_current=args.keep_current, delete_api_tokens=args.delete_tokens)
                await client.accounts.SignOutEverywhere(request)
                told, lines = {}, ["All sign-ins have ended."]
            case _:
                found = await _all(client)
                told, lines = {"sessions": [plain(one) for one in found]}, [_line(one) for one in found]
    if args.json:
        print_json(told)
    else:
        print_lines(lines)
    return 0


async def _all(client: Client) -> list[Session]:
    found: list[Session] = []
    request = ListSessionsRequest(page_size=200)
    while True:
        answer = await client.accounts.ListSessions(request)
        found += answer.sessions
        if not answer.next_page_token:
            return found
        request.page_token = answer.next_page_token


def _line(one: Session) -> str:
    used = one.last_use_time.ToDatetime().isoformat(sep=" ", timespec="minutes")
    return f"{one.session_id} {'*' if one.current else ' '} {used}Z  {one.device_name}"
