"""The account that the demo uses: whoever is signed in on this data, else one of its own."""

from __future__ import annotations

import json
import secrets
from typing import TYPE_CHECKING

from vidmesh.client.errors import VidmeshError
from vidmesh.client.files import read_json, write_private
from vidmesh.social.v1.account_service_pb2 import GetAccountRequest

if TYPE_CHECKING:
    from pathlib import Path

    from vidmesh.client.client import Client

ENDED = ("INVALID_REFRESH_TOKEN", "INVALID_TOKEN", "SIGN_IN_REQUIRED", "ACCOUNT_NOT_FOUND")


async def sign_in(client: Client, kept: Path) -> str:
    """Signs in, or up, and returns the account's name. The demo's own password stays in `kept`, for its owner alone."""
    if client.signed_in is not None:
        try:
            return (await client.accounts.GetAccount(GetAccountRequest(account_id="me"))).account.username
        except VidmeshError as error:
            if error.reason not in ENDED:
                raise
    known = read_json(kept)
    if known is not None:
        try:
            return (await client.sign_in(known["email"], known["password"])).username
        except VidmeshError as error:
            if error.reason != "WRONG_CREDENTIALS":
                raise
    handle, password = f"demo-{secrets.token_hex(3)}", secrets.token_urlsafe(18)
    email = f"{handle}@example.org"
    # First the password, then the account: nobody is left with an account that cannot be entered.
    write_private(kept, json.dumps({"email": email, "password": password}) + "\n")
    return (await client.sign_up(email, password, handle)).account.username
