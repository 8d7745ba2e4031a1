"""People and what they own, on a real stack: enough to ask every method for everything that it can be asked for."""

from __future__ import annotations

import time
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import httpx

from mesh.service_tokens import ServiceTokens
from tests.e2e.chaos.clips import clip
from tests.e2e.people import Person, somebody
from tests.e2e.stacks import Stack
from tests.e2e.uploading import begin, send, wait_for
from tests.security.matrix.rules import Kind, Part, Standing, Subject
from vidmesh.options.v1.options_pb2 import Scope

PASSWORD: Final = "correct horse battery"
UNAUTHORIZED: Final = 401
SCOPES: Final = (Scope.SCOPE_READ, Scope.SCOPE_UPLOAD, Scope.SCOPE_MANAGE, Scope.SCOPE_ADMINISTER)

PUBLIC: Final = Subject("public video", Kind.VIDEO, open=True, listed=True)
UNLISTED: Final = Subject("unlisted video", Kind.VIDEO, open=True)
PRIVATE: Final = Subject("private video", Kind.VIDEO)
SCHEDULED: Final = Subject("scheduled video", Kind.VIDEO)
DELETED: Final = Subject("deleted video", Kind.VIDEO, deleted=True)
UPLOADING: Final = Subject("video being uploaded", Kind.VIDEO)
PLAYABLE: Final = (PUBLIC, UNLISTED, PRIVATE, SCHEDULED, DELETED)
VIDEOS: Final = (*PLAYABLE, UPLOADING)
ACTIVE_UPLOAD: Final = Subject("upload under way", Kind.UPLOAD)
COMPLETED_UPLOAD: Final = Subject("completed upload", Kind.UPLOAD)
CHANNEL: Final = Subject("channel", Kind.CHANNEL)
SESSION: Final = Subject("sign-in", Kind.SESSION)
API_TOKEN: Final = Subject("API token", Kind.API_TOKEN)


@dataclass(frozen=True, slots=True)
class Account:
    """Somebody with an account."""

    person: Person
    account_id: str

    @property
    def email(self) -> str:
        return f"{self.person.handle}@example.org"

    @property
    def headers(self) -> dict[str, str]:
        return {"authorization": str(self.person.edge.headers["authorization"])}


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls, and what is sent to prove it."""

    standing: Standing
    headers: Mapping[str, str]
    account: Account | None = None


@dataclass(frozen=True, slots=True)
class Scene:
    """Everything that requests are made of."""

    stack: Stack
    administrator: Account
    owner: Account
    manager: Account
    stranger: Account
    spare: Account
    """Nobody calls as this one: for passwords that are chosen anew."""
    ids: dict[Subject, str] = field(default_factory=dict[Subject, str])
    """The id of each subject that stays."""
    tokens: dict[str, dict[frozenset[Scope.ValueType], str]] = field(
        default_factory=dict[str, dict[frozenset[Scope.ValueType], str]]
    )
    ended: dict[str, str] = field(default_factory=dict[str, str])
    """The headers of a sign-in of the owner's that was ended."""

    @property
    def configuration(self) -> dict[str, Any]:
        """What the stack's processes are started with."""
        return configuration_of(self.stack)

    def service_token(self, service: str = "svc_upload") -> str:
        """What a service of this very installation proves itself with."""
        return ServiceTokens(self.configuration["identity"]["service_secret"], service).own()

    def api_token(self, account: Account, scopes: frozenset[Scope.ValueType]) -> str:
        """An API token of this account's with exactly these scopes; made once."""
        made = self.tokens.setdefault(account.account_id, {})
        if scopes not in made:
            made[scopes] = new_api_token(account, scopes)["secret"]
        return made[scopes]

    def close(self) -> None:
        """Let go of every connection."""
        for account in (self.administrator, self.owner, self.manager, self.stranger, self.spare):
            account.person.edge.close()

    def callers(self, scope: Scope.ValueType) -> list[Caller]:
        """Everybody who may call a method of this scope, or may not."""
        needed = frozenset({scope} - {Scope.SCOPE_UNSPECIFIED}) or frozenset(SCOPES)
        others = frozenset(SCOPES) - {scope}

        def by_token(name: str, account: Account, scopes: frozenset[Scope.ValueType], part: Part) -> Caller:
            # Where the token does not carry ADMINISTER its bearer is a member like any other.
            administrator = account is self.administrator and Scope.SCOPE_ADMINISTER in scopes
            standing = Standing(name, part, administrator=administrator, scopes=scopes)
            return Caller(standing, {"authorization": f"Bearer {self.api_token(account, scopes)}"}, account)

        return [
            Caller(Standing("anonymous", signed_in=False), {}),
            Caller(
                Standing("a service's token from outside", signed_in=False),
                {"x-vidmesh-service": self.service_token()},
            ),
            Caller(Standing("a stranger"), self.stranger.headers, self.stranger),
            Caller(
                Standing("a stranger with a service's token"),
                {**self.stranger.headers, "x-vidmesh-service": self.service_token()},
                self.stranger,
            ),
            Caller(Standing("a manager", Part.MANAGER), self.manager.headers, self.manager),
            Caller(Standing("the owner", Part.OWNER), self.owner.headers, self.owner),
            Caller(Standing("an administrator", administrator=True), self.administrator.headers, self.administrator),
            by_token("the owner's token with the scope", self.owner, needed, Part.OWNER),
            by_token("the owner's token with every other scope", self.owner, others, Part.OWNER),
            by_token("an administrator's token with the scope", self.administrator, needed, Part.NONE),
            Caller(Standing("an ended sign-in of the owner", Part.OWNER, ended=True), self.ended, self.owner),
        ]


def configuration_of(stack: Stack) -> dict[str, Any]:
    """What a stack's processes are started with, secrets included."""
    return tomllib.loads((stack.data / "run" / "config.toml").read_text(encoding="utf-8"))


def make_scene(stack: Stack, folder: Path) -> Scene:
    """On a stack that has no account yet: the first one becomes its administrator."""
    scene = Scene(
        stack,
        administrator=_account(stack),
        owner=_account(stack),
        manager=_account(stack),
        stranger=_account(stack),
        spare=_account(stack),
    )
    owner = scene.owner.person
    path = f"/v1/channels/{owner.channel_id}/members/{scene.manager.account_id}"
    owner.edge.put(path, json={"role": "CHANNEL_ROLE_MANAGER"}).raise_for_status()
    file = clip(folder / "clip.mp4", seconds=1)
    for subject in PLAYABLE:
        begun = begin(owner, file, subject.name)
        send(owner, file, begun["upload"])
        owner.post(f"/v1/uploads/{begun['upload']['upload_id']}:complete", {}).raise_for_status()
        scene.ids[subject] = begun["video"]["video_id"]
        scene.ids[COMPLETED_UPLOAD] = begun["upload"]["upload_id"]
    begun = begin(owner, file, UPLOADING.name)
    scene.ids.update({UPLOADING: begun["video"]["video_id"], ACTIVE_UPLOAD: begun["upload"]["upload_id"]})
    scene.ids[CHANNEL] = owner.channel_id
    _end_a_sign_in(scene)
    for subject in PLAYABLE:
        wait_for(owner, scene.ids[subject], "PROCESSED", 100)
    for subject, visibility in ((PUBLIC, "PUBLIC"), (UNLISTED, "UNLISTED"), (PRIVATE, "PRIVATE"), (DELETED, "PUBLIC")):
        owner.publish(scene.ids[subject], visibility)
    soon = (datetime.now(UTC) + timedelta(hours=2)).strftime("%Y-%m-%dT%H:%M:%SZ")
    owner.post(
        f"/v1/videos/{scene.ids[SCHEDULED]}:publish", {"visibility": "VISIBILITY_PUBLIC", "publish_time": soon}
    ).raise_for_status()
    delete(scene, DELETED)
    return scene


def delete(scene: Scene, subject: Subject) -> None:
    """DeleteVideo by the owner."""
    scene.owner.person.edge.delete(f"/v1/videos/{scene.ids[subject]}").raise_for_status()


def sign_in(stack: Stack, account: Account, password: str = PASSWORD) -> dict[str, Any]:
    """Another sign-in of the same account."""
    body = {"email": account.email, "password": password}
    return httpx.post(f"{stack.edge_url}/v1/sessions", json=body, timeout=20).raise_for_status().json()["tokens"]


def newest_session(account: Account) -> str:
    """The id of the sign-in that was made last."""
    listed = account.person.get("/v1/sessions").raise_for_status().json()["sessions"]
    return next(one["session_id"] for one in listed if not one.get("current"))


def new_api_token(account: Account, scopes: frozenset[Scope.ValueType]) -> dict[str, Any]:
    """CreateApiToken."""
    body = {"api_token": {"name": "a script", "scopes": [Scope.Name(one) for one in sorted(scopes)]}}
    return account.person.post("/v1/apiTokens", body).raise_for_status().json()


def _account(stack: Stack) -> Account:
    person = somebody(stack)
    return Account(person, person.get("/v1/accounts/me").raise_for_status().json()["account"]["account_id"])


def _end_a_sign_in(scene: Scene) -> None:
    token = sign_in(scene.stack, scene.owner)["access_token"]
    scene.ended["authorization"] = f"Bearer {token}"
    scene.owner.person.edge.delete(f"/v1/sessions/{newest_session(scene.owner)}").raise_for_status()
    give_up = time.monotonic() + 2
    while httpx.get(f"{scene.stack.edge_url}/v1/jwks", headers=scene.ended).status_code != UNAUTHORIZED:
        assert time.monotonic() < give_up, "an ended sign-in is still let in"
        time.sleep(0.05)
