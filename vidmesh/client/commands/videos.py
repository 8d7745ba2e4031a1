"""`vidmesh videos`."""

from __future__ import annotations

import argparse
from contextlib import aclosing
from datetime import datetime

from vidmesh.client.client import Client
from vidmesh.client.commands.session import channel_of, connected, plain, print_json, print_lines
from vidmesh.client.errors import ClientError
from vidmesh.upload.v1.video_pb2 import Video, Visibility
from vidmesh.upload.v1.video_service_pb2 import (
    DeleteVideoRequest,
    GetVideoRequest,
    PublishVideoRequest,
    UpdateVideoRequest,
)

EDITS = ("title", "description", "tags", "category", "language", "age_restriction")


async def run(args: argparse.Namespace) -> int:
    """Does the action named."""
    async with connected(args) as (client, _):
        if args.action == "list":
            await _list(client, args)
        else:
            _show(await _one(client, args), args.json)
    return 0


async def _list(client: Client, args: argparse.Namespace) -> None:
    channel = await channel_of(client, args.channel)
    found: list[Video] = []
    if args.limit > 0:
        async with aclosing(client.videos_of(channel.channel_id)) as videos:
            async for video in videos:
                found.append(video)
                if len(found) >= args.limit:
                    break
    if args.json:
        print_json({"channel_id": channel.channel_id, "videos": [plain(video) for video in found]})
    else:
        print_lines(_line(video) for video in found)


async def _one(client: Client, args: argparse.Namespace) -> Video:
    stub, video_id = client.videos, args.video
    match args.action:
        case "get":
            return (await stub.GetVideo(GetVideoRequest(video_id=video_id))).video
        case "delete":
            return (await stub.DeleteVideo(DeleteVideoRequest(video_id=video_id))).video
        case "publish":
            return (await stub.PublishVideo(publishing(args))).video
        case _:
            return (await stub.UpdateVideo(updating(args))).video


def publishing(args: argparse.Namespace) -> PublishVideoRequest:
    """The request that the arguments of `publish` mean. Raises `ClientError` for a time that is none."""
    request = PublishVideoRequest(video_id=args.video, visibility=visibility(args.visibility))
    if args.at is not None:
        try:
            # A time without a zone is that of this machine.
            request.publish_time.FromDatetime(datetime.fromisoformat(args.at).astimezone())
        except ValueError:
            raise ClientError(f"{args.at!r} is not a time such as 2030-01-31T18:00:00+01:00.") from None
    return request


def updating(args: argparse.Namespace) -> UpdateVideoRequest:
    """The request that the arguments of `update` mean. Raises `ClientError` where they change nothing."""
    given = {name: getattr(args, name) for name in EDITS if getattr(args, name) is not None}
    if not given:
        raise ClientError("Nothing to change: name one of --title, --description, --tags and so on.")
    request = UpdateVideoRequest(video=Video(video_id=args.video, **given))
    request.update_mask.paths.extend(given)
    return request


def visibility(word: str) -> Visibility.ValueType:
    """The value for "public" and so on."""
    return Visibility.Value(f"VISIBILITY_{word.upper()}")


def _show(video: Video, as_json: bool) -> None:
    told = plain(video)
    if as_json:
        print_json(told)
    else:
        print_lines(f"{name:18} {_text(value)}" for name, value in told.items())


def _text(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(str(one) for one in value)
    return str(value["url"]) if isinstance(value, dict) and "url" in value else str(value)


def _line(video: Video) -> str:
    told = plain(video)
    length = f"{video.duration.ToTimedelta().total_seconds():.0f} s" if video.HasField("duration") else "-"
    return f"{video.video_id}  {str(told.get('status', '')).lower():11} {length:>7}  {video.title}"
