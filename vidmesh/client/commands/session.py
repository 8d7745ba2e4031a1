"""The client that a command talks through, and what it prints."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import AsyncGenerator, Iterable
from contextlib import asynccontextmanager
from typing import Any

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.json_format import MessageToDict
from google.protobuf.message import Message

from vidmesh.client.client import Client
from vidmesh.client.errors import ClientError
from vidmesh.client.places import Place, find_place
from vidmesh.client.tokens import ApiTokenStore
from vidmesh.social.v1.channel_pb2 import Channel


@asynccontextmanager
async def connected(args: argparse.Namespace) -> AsyncGenerator[tuple[Client, Place]]:
    """The client for the installation that the arguments name, with the API token in VIDMESH_TOKEN if there is one."""
    place = find_place(args.data)
    token = os.environ.get("VIDMESH_TOKEN", "")
    async with Client(place.url, ApiTokenStore(token) if token else place.tokens()) as client:
        yield client, place


async def channel_of(client: Client, named: str | None) -> Channel:
    """The channel named, else the first of the caller's own."""
    if client.signed_in is None and named is None:
        raise ClientError("Nobody is signed in; `vidmesh login` does it.")
    if named is not None:
        return await client.channel(named)
    mine = await client.my_channels()
    if not mine:
        raise ClientError("This account has no channel.")
    return mine[0]


def password(given: str | None, *, new: bool = False, prompt: str = "Password: ") -> str:
    """The password given, typed, or on the first line of standard input."""
    if given is not None:
        return given
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\r\n")
    from getpass import getpass

    typed = getpass(prompt)
    if new and getpass("Once more: ") != typed:
        raise ClientError("The two passwords differ.")
    return typed


def print_json(told: object) -> None:
    """One object on standard output."""
    sys.stdout.write(json.dumps(told, indent=2, ensure_ascii=False) + "\n")


def print_lines(lines: Iterable[str]) -> None:
    """Text on standard output."""
    sys.stdout.writelines(line + "\n" for line in lines)


def plain(message: Message) -> dict[str, Any]:
    """A message as JSON with the contract's field names and short enum values, "PROCESSED"."""
    told: dict[str, Any] = MessageToDict(message, preserving_proto_field_name=True)
    for field in message.DESCRIPTOR.fields:
        if field.name not in told:
            continue
        if field.enum_type is not None:
            kind, value = field.enum_type.name, told[field.name]
            told[field.name] = [short(one, kind) for one in value] if field.is_repeated else short(value, kind)
        elif isinstance(told[field.name], str) and field.cpp_type == FieldDescriptor.CPPTYPE_INT64:
            # As text in JSON, for the sake of languages that have no such numbers; Python has.
            told[field.name] = int(told[field.name])
    return told


def short(name: str, enum: str) -> str:
    """The name of an enum value without what all values of the enum begin with."""
    words = "".join(f"_{letter}" if letter.isupper() else letter for letter in enum)
    return name.removeprefix(f"{words.lstrip('_').upper()}_")
