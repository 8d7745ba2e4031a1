"""What people do while things die, and what they were told."""

from __future__ import annotations

import json
import random
import sys
import uuid
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from tests.e2e.chaos.calling import PASSING, Caller
from tests.e2e.chaos.sending import Order
from tests.e2e.chaos.victims import Clients

PASSWORD = "correct horse battery"
VISIBILITIES = ("PUBLIC", "UNLISTED", "PRIVATE")


@dataclass(slots=True)
class Account:
    """A sign-up that was acknowledged."""

    handle: str
    channel_id: str
    token: str
    uploads: list[UploadTold] = field(default_factory=list)

    @property
    def email(self) -> str:
        return f"{self.handle}@example.org"


@dataclass(slots=True)
class UploadTold:
    """What was acknowledged of one upload and its video."""

    file: Path
    upload_id: str = ""
    video_id: str = ""
    confirmed: set[int] = field(default_factory=set)
    ended: str = ""
    """ "completed" or "aborted"."""
    title: str = ""
    visibility: str = "PRIVATE"
    client_deaths: int = 0


@dataclass(frozen=True, slots=True)
class Plan:
    """How much of everything, and by which dice."""

    rng: random.Random
    uploads: int
    files: tuple[Path, ...]
    """The last one is no video."""
    folder: Path


def sign_up(edge_url: str, rng: random.Random) -> Account:
    """A new account, whose request is repeated until it is acknowledged."""
    handle = f"u{rng.randbytes(8).hex()}"
    body = {
        "email": f"{handle}@example.org",
        "password": PASSWORD,
        "handle": handle,
        "request_id": str(uuid.UUID(bytes=rng.randbytes(16), version=4)),
    }
    with Caller.at(edge_url) as caller:
        made = caller.call("POST", "/v1/accounts:signUp", body)
    return Account(handle, made["channel"]["channel_id"], made["tokens"]["access_token"])


def live(edge_url: str, clients: Clients, plan: Plan) -> Account:
    """One person: signs up, uploads, edits, publishes, and now and then gives an upload up."""
    account, rng = sign_up(edge_url, plan.rng), plan.rng
    for number in range(plan.uploads):
        dice = rng.random()
        told = UploadTold(plan.files[-1] if dice < 0.1 else rng.choice(plan.files[:-1]))
        account.uploads.append(told)
        _upload(edge_url, clients, account, told, plan, number, give_up=dice > 0.9)
        if told.ended == "completed":
            with Caller.at(edge_url, account.token) as caller:
                for edit in range(rng.randint(1, 3)):
                    _retitle(caller, told, f"Title {number}.{edit}")
                _publish(caller, told, rng.choice(VISIBILITIES))
    return account


def _upload(
    edge_url: str, clients: Clients, account: Account, told: UploadTold, plan: Plan, number: int, give_up: bool
) -> None:
    """Starts the client again for as long as it is killed."""
    told.title = f"Upload {number}"
    stem = plan.folder / f"{account.handle}-{number}"
    acknowledged, order_file = stem.with_suffix(".jsonl"), stem.with_suffix(".json")
    Order(
        edge_url=edge_url,
        token=account.token,
        channel_id=account.channel_id,
        request_id=str(uuid.UUID(bytes=plan.rng.randbytes(16), version=4)),
        title=told.title,
        file=str(told.file),
        acknowledged=str(acknowledged),
        give_up=give_up,
        seed=plan.rng.getrandbits(32),
    ).write(order_file)
    while True:
        code, err = clients.run([sys.executable, "-m", "tests.e2e.chaos.sending", str(order_file)])
        _read(acknowledged, told)
        if code == 0:
            return
        if code != -9:
            raise AssertionError(f"the client of {stem.name} ended with {code}: {err[-3000:]}")
        told.client_deaths += 1


def _read(acknowledged: Path, told: UploadTold) -> None:
    if not acknowledged.exists():
        return
    for line in acknowledged.read_text(encoding="utf-8").splitlines():
        what = json.loads(line)
        for name, known in (("upload_id", told.upload_id), ("video_id", told.video_id)):
            if name in what:
                assert known in {"", what[name]}, f"a repeated request made a second {name}"
        told.upload_id = what.get("upload_id", told.upload_id)
        told.video_id = what.get("video_id", told.video_id)
        told.ended = what.get("ended", told.ended)
        if "confirmed" in what:
            told.confirmed.add(what["confirmed"])


def _publish(caller: Caller, told: UploadTold, visibility: str) -> None:
    caller.call("POST", f"/v1/videos/{told.video_id}:publish", {"visibility": f"VISIBILITY_{visibility}"})
    told.visibility = visibility


def _retitle(caller: Caller, told: UploadTold, title: str) -> None:
    """An edit by etag: a repetition whose first try was counted after all is seen, and no late one undoes a newer."""
    while True:
        now = caller.call("GET", f"/v1/videos/{told.video_id}")["video"]
        if now["title"] == title:
            break
        assert now["title"] == told.title, f"an acknowledged edit is lost: {now['title']!r} for {told.title!r}"
        try:
            answer = caller.edge.patch(
                f"/v1/videos/{told.video_id}",
                params={"update_mask": "title"},
                json={"title": title, "etag": now["etag"]},
            )
        except httpx.TransportError:
            continue
        assert answer.is_success or answer.status_code in PASSING, answer.text
        if answer.is_success:
            break
    told.title = title
