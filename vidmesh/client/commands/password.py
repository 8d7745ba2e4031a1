"""`vidmesh password`."""

from __future__ import annotations

import argparse

from vidmesh.client.commands.session import connected, password, plain, print_json, print_lines
from vidmesh.social.v1.credentials_pb2 import (
    ChangePasswordRequest,
    CreatePasswordResetRequest,
    ResetPasswordRequest,
)


async def run(args: argparse.Namespace) -> int:
    """Does the action named."""
    async with connected(args) as (client, _):
        if args.action == "code":
            made = await client.accounts.CreatePasswordReset(CreatePasswordResetRequest(account_id=args.account))
            if args.json:
                print_json(plain(made))
            else:
                print_lines([made.reset_code])
            return 0
        if args.action == "change":
            request = ChangePasswordRequest(
                current_password=password(args.current, prompt="Password until now: "),
                new_password=password(args.new, new=True, prompt="New password: "),
                delete_api_tokens=args.delete_tokens,
            )
            await client.accounts.ChangePassword(request)
            sentence = "The password is changed; every other sign-in has ended."
        else:
            new = password(args.new, new=True, prompt="New password: ")
            await client.accounts.ResetPassword(ResetPasswordRequest(reset_code=args.code, new_password=new))
            sentence = "The password is changed; sign in with `vidmesh login`."
    if args.json:
        print_json({})
    else:
        print_lines([sentence])
    return 0
