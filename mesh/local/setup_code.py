"""The code that the first account is made with, on a stack that others can reach.

Without it, whoever is the first to find a new installation would be its administrator.
"""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from vidmesh.client.files import write_private

if TYPE_CHECKING:
    from pathlib import Path

    from mesh.config import Settings

FILE = "setup_code"
PATIENCE = 5.0


def load_or_make(folder: Path) -> str:
    """The code in this folder of secrets, made where there is none: 80 random bits, in letters that can be typed."""
    path = folder / FILE
    if not path.exists():
        letters = "abcdefghijkmnpqrstuvwxyz23456789"
        groups = ("".join(secrets.choice(letters) for _ in range(4)) for _ in range(4))
        write_private(path, "-".join(groups) + "\n")
    return path.read_text(encoding="ascii").strip()


def hint(settings: Settings) -> str:
    """What to tell who runs the stack while it has no account; empty where none is needed, or nobody can be asked."""
    code = settings.identity.setup_code.get_secret_value()
    address = settings.services.get("svc_social", "")
    if not code or not address:
        return ""
    import grpc

    from vidmesh.social.v1.account_service_pb2 import GetRegistrationRequest
    from vidmesh.social.v1.account_service_pb2_grpc import AccountServiceStub

    with grpc.insecure_channel(address, options=[("grpc.enable_http_proxy", 0)]) as channel:
        try:
            answer = AccountServiceStub(channel).GetRegistration(GetRegistrationRequest(), timeout=PATIENCE)
        except grpc.RpcError:
            return ""
    return (
        f"nobody has an account yet; the first one is made with the set-up code {code}" if answer.first_account else ""
    )
