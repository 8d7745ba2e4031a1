"""Who calls: everybody of the scene, with sign-ins that are made anew when a call has ended them."""

from __future__ import annotations

import asyncio
import json
import time
from typing import Any, Final

from tests.security.fuzz.http1 import Answer, Http1, LostError
from tests.security.matrix.scene import PASSWORD, SCOPES, Account, Scene
from vidmesh.options.v1.options_pb2 import Scope

SPOILT: Final = {
    "nobody": {},
    "garbage": {"authorization": "Bearer garbage"},
    "no scheme": {"authorization": "Basic Og=="},
    "cut": {"authorization": "Bearer eyJhbGciOiJub25lIn0.e30."},
    "a false service": {"x-vidmesh-service": "eyJhbGciOiJub25lIn0.eyJzdWIiOiJzdmNfdXBsb2FkIn0."},
    "a false place": {"x-vidmesh-country": "X" * 300, "x-vidmesh-edge": "nowhere", "x-forwarded-for": "::%, 1.2.3"},
}
TOKENS: Final = {"owner's token": SCOPES, "owner's reading token": SCOPES[:1]}
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
        self._renewed = dict.fromkeys((*self._accounts, *TOKENS), 0.0)
        self._tokens = {name: scene.api_token(scene.owner, frozenset(scopes)) for name, scopes in TOKENS.items()}
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
        """Whether it is time to prove somebody anew who was refused."""
        return name in self._renewed and time.monotonic() > self._renewed[name] + REST

    async def renew(self, name: str, http: Http1) -> None:
        """Sign the account in again, or make the token anew; where that is refused it goes on as it was."""
        self._renewed[name] = time.monotonic()
        if name in self._tokens:
            body = {"api_token": {"name": "a script", "scopes": [Scope.Name(one) for one in TOKENS[name]]}}
            if made := await _posted(http, "/v1/apiTokens", body, self._headers["owner"]):
                self._tokens[name] = made["secret"]
            return
        body = {"email": self._accounts[name].email, "password": PASSWORD}
        if made := await _posted(http, "/v1/sessions", body, {}):
            self._headers[name] = {"authorization": f"Bearer {made['tokens']['access_token']}"}


async def _posted(http: Http1, path: str, body: dict[str, Any], headers: dict[str, str]) -> dict[str, Any] | None:
    reply = Answer()
    sent = {"content-type": "application/json", **headers}
    try:
        async with asyncio.timeout(PATIENCE):
            await http.send(reply, "POST", path, sent, json.dumps(body).encode())
    except (TimeoutError, LostError):
        return None
    return json.loads(reply.body) if reply.status == HTTP_OK else None
