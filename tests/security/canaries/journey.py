"""What people do with their secrets, rightly and wrongly, with everything kept that they are answered."""

from __future__ import annotations

import secrets as random
import subprocess
import time
import uuid
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlsplit

import grpc
import httpx

from tests.e2e.stacks import Stack, vidmesh
from tests.security.matrix.media import everything, status, token_of
from tests.security.matrix.scene import ACTIVE_UPLOAD, PUBLIC, Scene, configuration_of
from vidmesh.social.v1.account_service_pb2 import SignInRequest

SIGN_IN: Final = "/vidmesh.social.v1.AccountService/SignIn"


def canary(kind: str) -> str:
    """A secret that cannot stand anywhere by chance."""
    return f"canary-{kind}-{random.token_hex(12)}"


@dataclass
class Journey:
    """Secrets that were used, and every answer."""

    stack: Stack
    secrets: dict[str, str] = field(default_factory=dict[str, str])
    """By what they are."""
    given: dict[str, int] = field(default_factory=dict[str, int])
    """Number of the one answer that gave a secret, where one did."""
    answers: list[tuple[str, bytes]] = field(default_factory=list[tuple[str, bytes]])
    """What was asked, and the whole answer, headers included."""

    def client(self) -> httpx.Client:
        """A client whose answers are kept."""
        return httpx.Client(base_url=self.stack.edge_url, timeout=20, event_hooks={"response": [self._keep]})

    def learn(self, name: str, value: str) -> str:
        """A secret that the answer before this gave."""
        assert len(value) >= 16, name
        self.secrets[name] = value
        self.given[name] = len(self.answers) - 1
        return value

    def make(self, name: str) -> str:
        """A secret that somebody thinks up."""
        return self.secrets.setdefault(name, canary(name.replace(" ", "-")))

    def _keep(self, response: httpx.Response) -> None:
        head = "\n".join(f"{name}: {value}" for name, value in response.headers.items()).encode()
        self.answers.append((f"{response.request.method} {response.request.url.path}", head + b"\n" + response.read()))


def travel(scene: Scene) -> Journey:
    """Somebody's whole life here, and everything that goes wrong in it."""
    journey = Journey(scene.stack)
    with journey.client() as edge:
        handle = f"u{uuid.uuid4().hex[:12]}"
        email = f"{handle}@example.org"
        _invitation(journey, scene)
        password = journey.make("password")
        body = {"email": email, "password": password, "handle": handle}
        made = edge.post("/v1/accounts:signUp", json=body).raise_for_status().json()
        tokens = made["tokens"]
        journey.learn("access token", tokens["access_token"])
        journey.learn("refresh token", tokens["refresh_token"])
        _sign_ins(journey, edge, email, password)
        edge.headers["authorization"] = f"Bearer {tokens['access_token']}"
        _api_token(journey, edge)
        _refresh(journey, edge)
        _media(journey, edge, scene)
        _part(journey, scene)
        _mistakes(journey, email)
        _command_line(journey, email, password)
        new = journey.make("new password")
        changed = {"current_password": password, "new_password": new}
        edge.post("/v1/accounts/me:changePassword", json=changed).raise_for_status()
        _reset(journey, scene, made["account"]["account_id"])
    _broken_grpc(journey)
    return journey


def _invitation(journey: Journey, scene: Scene) -> None:
    with journey.client() as administrator:
        administrator.headers.update(scene.administrator.headers)
        invite = administrator.post("/v1/invites", json={"note": "a friend"}).raise_for_status().json()
        code = journey.learn("invitation", invite["invite_code"])
        administrator.get("/v1/invites").raise_for_status()
        handle = f"u{uuid.uuid4().hex[:12]}"
        body = {"email": f"{handle}@example.org", "password": journey.make("another password"), "handle": handle}
        administrator.post("/v1/accounts:signUp", json={**body, "invite_code": code}).raise_for_status()


def _sign_ins(journey: Journey, edge: httpx.Client, email: str, password: str) -> None:
    wrong = {"email": email, "password": journey.make("wrong password")}
    assert edge.post("/v1/sessions", json=wrong).status_code == 401
    edge.post("/v1/sessions", json={"email": email, "password": password}).raise_for_status()
    with journey.client() as browser:
        body = {"email": email, "password": password, "cookies": True}
        browser.post("/v1/sessions", json=body, headers={"x-vidmesh-csrf": "1"}).raise_for_status()
        journey.learn("access token in a cookie", browser.cookies["vidmesh_access"])
        journey.learn("refresh token in a cookie", browser.cookies["vidmesh_refresh"])
        browser.get("/v1/accounts/me", headers={"x-vidmesh-csrf": "1"}).raise_for_status()


def _api_token(journey: Journey, edge: httpx.Client) -> None:
    body = {"api_token": {"name": "a script", "scopes": ["SCOPE_READ"]}}
    secret = edge.post("/v1/apiTokens", json=body).raise_for_status().json()["secret"]
    journey.learn("API token", secret)
    edge.get("/v1/apiTokens").raise_for_status()
    edge.get("/v1/sessions").raise_for_status()
    edge.get("/v1/accounts/me", headers={"authorization": f"Bearer {secret}"}).raise_for_status()


def _refresh(journey: Journey, edge: httpx.Client) -> None:
    body = {"refresh_token": journey.secrets["refresh token"]}
    # Two access tokens of one sign-in and one second are the same token.
    time.sleep(1)
    tokens = edge.post("/v1/sessions:refresh", json=body).raise_for_status().json()["tokens"]
    journey.learn("refreshed access token", tokens["access_token"])
    journey.learn("second refresh token", tokens["refresh_token"])
    edge.post("/v1/sessions:refresh", json={"refresh_token": journey.make("forged refresh token")})


def _media(journey: Journey, edge: httpx.Client, scene: Scene) -> None:
    addresses = everything(edge, scene.ids[PUBLIC])
    journey.learn("grant", token_of(addresses["segment"]))
    playback = edge.get(f"/v1/videos/{scene.ids[PUBLIC]}/playback").raise_for_status().json()["playback"]
    session = journey.learn("playback session", playback["session_token"])
    assert {status(url) for url in addresses.values()} == {200}
    report = {"session_token": session, "events": [{"seq": "1", "ended": {}}]}
    edge.post("/v1/playback:report", json=report).raise_for_status()
    edge.post("/v1/playback:report", json={**report, "session_token": journey.make("forged playback session")})
    assert status(addresses["segment"].replace("/s/", "/none/")) == 404


def _part(journey: Journey, scene: Scene) -> None:
    with journey.client() as owner:
        owner.headers.update(scene.owner.headers)
        path = f"/v1/uploads/{scene.ids[ACTIVE_UPLOAD]}"
        size = owner.get(path).raise_for_status().json()["upload"]["layout"][0]["size_bytes"]
        part = {"number": 1, "size_bytes": size, "sha256": "A" * 43 + "="}
        signed = owner.post(f"{path}/parts:sign", json={"parts": [part]}).raise_for_status().json()["parts"][0]
        query = httpx.URL(signed["url"]).params
        journey.learn("signature of a part", query["X-Amz-Signature"])
        assert httpx.put(f"{scene.stack.edge_url}{signed['url']}", content=b"x", timeout=20).status_code in {400, 403}


def _mistakes(journey: Journey, email: str) -> None:
    """Secrets where they do not belong, and calls that nobody can make sense of."""
    slip, odd = journey.make("mistaken password"), journey.make("token of no kind")
    with journey.client() as edge:
        edge.headers["content-type"] = "application/json"
        for body in (
            f'{{"email": "{email}", "password": "{slip}"',
            f'{{"email": "{email}", "password": "{slip}" "handle"}}',
            f'{{"email": 5, "password": "{slip}"}}',
            f'{{"email": "{email}", "password": ["{slip}"]}}',
            f'{{"email": "{email}", "password": {{"value": "{slip}"}}}}',
            f'{{"email": "{email}", "passwort": "{slip}"}}',
            f'{{"email": "{email}", "password": "{slip * 5}"}}',
            f'{{"email": "{email}", "password": "{slip}\\ud800"}}',
            f'{{"email": "not an address", "password": "{slip}", "handle": "-"}}',
            f'"{slip}"',
            slip,
        ):
            for path in ("/v1/sessions", "/v1/accounts:signUp"):
                assert edge.post(path, content=body).status_code >= 400, body.replace(slip, "…")
        for header in (f"Bearer {odd}", f"Basic {odd}", odd, f"Bearer {odd}.{odd}.{odd}"):
            assert edge.get("/v1/accounts/me", headers={"authorization": header}).status_code == 401
        cookie = {"cookie": f"vidmesh_access={odd}", "x-vidmesh-csrf": "1"}
        assert edge.get("/v1/accounts/me", headers=cookie).status_code == 401
        edge.get("/v1/jwks", params={"access_token": odd})
        edge.get("/v1/none", params={"password": slip})
        edge.post("/v1/accounts:resetPassword", json={"reset_code": odd, "new_password": slip})


def _command_line(journey: Journey, email: str, password: str) -> None:
    """What commands print about a stack."""
    for words in (
        ("login", "--email", email, "--password", password, "--json"),
        ("sessions", "list", "--json"),
        ("token", "list", "--json"),
        ("status", "--json"),
        ("keys", "list", "--json"),
    ):
        _printed(journey, journey.stack.vidmesh(*words))
    # What the parts are started with, shown to somebody.
    _printed(journey, vidmesh("config", "--print", "--config", str(journey.stack.data / "run" / "config.toml")))


def _printed(journey: Journey, done: subprocess.CompletedProcess[str]) -> None:
    assert done.returncode == 0, done.stderr
    journey.answers.append((f"`vidmesh {done.args[3]}`", (done.stdout + done.stderr).encode()))


def _reset(journey: Journey, scene: Scene, account_id: str) -> None:
    with journey.client() as administrator:
        administrator.headers.update(scene.administrator.headers)
        made = administrator.post(f"/v1/accounts/{account_id}:createPasswordReset", json={})
        code = journey.learn("reset code", made.raise_for_status().json()["reset_code"])
        body = {"reset_code": code, "new_password": journey.make("password after a reset")}
        administrator.post("/v1/accounts:resetPassword", json=body)
        administrator.post("/v1/accounts:resetPassword", json=body)


def _broken_grpc(journey: Journey) -> None:
    """Bytes that are no message, behind a password; through the edge, and at the service itself."""
    whole = SignInRequest(email="a@example.org", password=journey.make("password in broken bytes")).SerializeToString()
    services: dict[str, Any] = configuration_of(journey.stack)["services"]
    for address in (urlsplit(journey.stack.edge_url).netloc, services["svc_social"]):
        with grpc.insecure_channel(address) as channel:
            call: Any = channel.unary_unary(SIGN_IN)
            for broken in (whole[:-3], whole + b"\xff\xff\xff", whole + b"\x12\x05ab"):
                try:
                    call(broken, timeout=20)
                except grpc.RpcError as error:
                    failed: Any = error
                    told = f"{failed.details()} {failed.trailing_metadata()}"
                    journey.answers.append((f"broken {SIGN_IN}", told.encode()))
