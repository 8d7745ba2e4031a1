"""`vidmesh token`."""

from __future__ import annotations

import argparse
from datetime import timedelta

from vidmesh.client.client import Client
from vidmesh.client.commands.session import connected, plain, print_json, print_lines
from vidmesh.options.v1.options_pb2 import Scope
from vidmesh.social.v1.account_pb2 import ApiToken
from vidmesh.social.v1.credentials_pb2 import CreateApiTokenRequest, DeleteApiTokenRequest, ListApiTokensRequest


async def run(args: argparse.Namespace) -> int:
    """Does the action named."""
    async with connected(args) as (client, _):
        match args.action:
            case "create":
                scopes = sorted({Scope.Value(f"SCOPE_{one.upper()}") for one in args.scope})
                request = CreateApiTokenRequest(api_token=ApiToken(name=args.name, scopes=scopes))
                request.lifetime.FromTimedelta(timedelta(days=args.days))
                made = await client.accounts.CreateApiToken(request)
                told, lines = {"api_token": _plain(made.api_token), "secret": made.secret}, [made.secret]
            case "delete":
                await client.accounts.DeleteApiToken(DeleteApiTokenRequest(token_id=args.token))
                told, lines = {}, ["The API token is deleted."]
            case _:
                found = await _all(client)
                told, lines = {"api_tokens": [_plain(one) for one in found]}, [_line(one) for one in found]
    if args.json:
        print_json(told)
    else:
        print_lines(lines)
    return 0


async def _all(client: Client) -> list[ApiToken]:
    found: list[ApiToken] = []
    request = ListApiTokensRequest(page_size=200)
    while True:
        answer = await client.accounts.ListApiTokens(request)
        found += answer.api_tokens
        if not answer.next_page_token:
            return found
        request.page_token = answer.next_page_token


def _scopes(one: ApiToken) -> list[str]:
    return [Scope.Name(scope).removeprefix("SCOPE_").lower() for scope in one.scopes]


def _plain(one: ApiToken) -> dict[str, object]:
    told: dict[str, object] = plain(one)
    return told | {"scopes": _scopes(one)}


def _line(one: ApiToken) -> str:
    until = one.expire_time.ToDatetime().date().isoformat()
    return f"{one.token_id}  until {until}  {','.join(_scopes(one)):30} {one.name}"
