"""The Python client: asyncio, typed, with retries, a sign-in that renews itself, and uploads that resume.

Needs nothing but gRPC, httpx and (for the command line) rich.
"""

from vidmesh.client.client import Client
from vidmesh.client.errors import ClientError, VidmeshError, Violation
from vidmesh.client.tokens import FileTokenStore, MemoryTokenStore, SignIn, TokenStore

__all__ = [
    "Client",
    "ClientError",
    "FileTokenStore",
    "MemoryTokenStore",
    "SignIn",
    "TokenStore",
    "VidmeshError",
    "Violation",
]
