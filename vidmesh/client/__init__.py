"""The Python client: asyncio, typed, with retries, a sign-in that renews itself, and uploads that resume.

    async with Client("http://127.0.0.1:8080", FileTokenStore(Path("session.json"))) as client:
        await client.sign_in("you@example.org", "password")
        channel, *_ = await client.my_channels()
        uploader = Uploader(client, Journal(Path("uploads"), client.edge.url))
        done = await uploader.upload(Path("clip.mp4"), channel.channel_id, Video(title="First"))
        await follow(client, done.video_id, Until.PLAYABLE)
        print((await client.play(done.video_id)).hls_url)

Needs nothing but gRPC and httpx; the command line, which stands on it, rich besides.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from vidmesh.client.client import Client
    from vidmesh.client.errors import ClientError, VidmeshError, Violation
    from vidmesh.client.following import Followed, Until, follow
    from vidmesh.client.journal import Journal
    from vidmesh.client.tokens import ApiTokenStore, FileTokenStore, MemoryTokenStore, SignIn, TokenStore
    from vidmesh.client.transfer import Progress
    from vidmesh.client.uploader import Uploaded, Uploader

__all__ = [
    "ApiTokenStore",
    "Client",
    "ClientError",
    "FileTokenStore",
    "Followed",
    "Journal",
    "MemoryTokenStore",
    "Progress",
    "SignIn",
    "TokenStore",
    "Until",
    "Uploaded",
    "Uploader",
    "VidmeshError",
    "Violation",
    "follow",
]

_HOMES = {
    "client": ("Client",),
    "errors": ("ClientError", "VidmeshError", "Violation"),
    "following": ("Followed", "Until", "follow"),
    "journal": ("Journal",),
    "tokens": ("ApiTokenStore", "FileTokenStore", "MemoryTokenStore", "SignIn", "TokenStore"),
    "transfer": ("Progress",),
    "uploader": ("Uploaded", "Uploader"),
}


def __getattr__(name: str) -> object:
    # Late (PEP 562), because the list of commands is read from a package below this one and must not load gRPC.
    for module, names in _HOMES.items():
        if name in names:
            return getattr(import_module(f"{__name__}.{module}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
