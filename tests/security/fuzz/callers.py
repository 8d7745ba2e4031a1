"""Who calls: everybody of the scene, with sign-ins that are made anew when a call has ended them."""

from __future__ import annotations

import asyncio
import json
import time
from typing import Any, Final

from tests.security.fuzz.http1 import Answer, Http1, LostError
from tests.security.matrix.scene import PASSWORD, SCOPES, Account, Scene

SPOILT: Final = {
    "nobody": {},
    "garbage": {"authorization": "Bearer garbage"},
    "no scheme": {"authorization": "Basic Og=="},
    "cut": {"authorization": "Bearer eyJhbGciOiJub25lIn0.e30."},
    "a false service": {"x-vidmesh-service": "eyJhbGciOiJub25lIn0.eyJzdWIiOiJzdmNfdXBsb2FkIn0."},
    "a false place": {"x-vidmesh-country": "X" * 300, "x-vidmesh-edge": "nowhere", "x-forwarded-for": "::%, 1.2.3"},
}
OFTEN: Final = 8
"""How many times as often those call whom most is open to."""
REST: Final = 3.0
"""Seconds between two sign-ins of one account at least."""
PATIENCE: Final = 15.0
HTTP_OK: Final = 200


class Callers:
    """Names and headers."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._accounts: dict[str, Account] = {
            "owner": scene.owner,
            "manager": scene.manager,
            "stranger": scene.stranger,
            "administrator": scene.administrator,
            "spare": scene.spare,
        }
        self._headers: dict[str, dict[str, str]] = {name: one.headers for name, one in self._accounts.items()}
        self._renewed = dict.fromkeys(self._accounts, 0.0)
        self._tokens = {
            "owner's token": scene.api_token(scene.owner, frozenset(SCOPES)),
            "owner's reading token": scene.api_token(scene.owner, frozenset(SCOPES[:1])),
        }
        self.names: Final = (
            *("owner", "administrator") * OFTEN,
            *self._accounts,
            *self._tokens,
            *SPOILT,
        )
        """Each as often as it shall call."""

    def headers(self, name: str) -> dict[str, str]:
        """What proves the caller."""
        if name in self._tokens:
            return {"authorization": f"Bearer {self._tokens[name]}"}
        return self._headers.get(name) or SPOILT[name]

    def service_token(self) -> str:
        """For calls past the edge."""
        return self._scene.service_token()

    def is_stale(self, name: str) -> bool:
        """Whether it is time to sign an account in that was refused."""
        return name in self._accounts and time.monotonic() > self._renewed[name] + REST

    async def renew(self, name: str, http: Http1) -> None:
        """Sign the account in again; where that is refused it goes on as it was."""
        self._renewed[name] = time.monotonic()
        body = {"email": self._accounts[name].email, "password": PASSWORD}
        reply = Answer()
        try:
            async with asyncio.timeout(PATIENCE):
                await http.send(
                    reply, "POST", "/v1/sessions", {"content-type": "application/json"}, json.dumps(body).encode()
                )
        except (TimeoutError, LostError):
            return
        if reply.status == HTTP_OK:
            answer: dict[str, Any] = json.loads(reply.body)
            self._headers[name] = {"authorization": f"Bearer {answer['tokens']['access_token']}"}
