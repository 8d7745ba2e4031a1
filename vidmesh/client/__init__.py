"""The Python client: asyncio, typed, with retries, a sign-in that renews itself, and uploads that resume.

Needs nothing but gRPC, httpx and (for the command line) rich.
"""

from vidmesh.client.client import Client
from vidmesh.client.errors import ClientError, VidmeshError, Violation
from vidmesh.client.journal import Journal
from vidmesh.client.tokens import FileTokenStore, MemoryTokenStore, SignIn, TokenStore
from vidmesh.client.transfer import Progress
from vidmesh.client.uploader import Uploaded, Uploader

__all__ = [
    "Client",
    "ClientError",
    "FileTokenStore",
    "Journal",
    "MemoryTokenStore",
    "Progress",
    "SignIn",
    "TokenStore",
    "Uploaded",
    "Uploader",
    "VidmeshError",
    "Violation",
]
