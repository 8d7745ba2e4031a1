"""What people do while things die."""

from __future__ import annotations

import json
import random
import sys
import uuid
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.e2e.chaos.afterlife import Terms, delete, publish, race, retitle, undelete
from tests.e2e.chaos.calling import Caller
from tests.e2e.chaos.sending import Order
from tests.e2e.chaos.told import PASSWORD, Account, Fate, UploadTold
from tests.e2e.chaos.victims import Clients

VISIBILITIES = ("PUBLIC", "UNLISTED", "PRIVATE")
STRAYS = 0.4
"""Share of the uploads whose client also stores what it never confirms."""
LATE = 0.4
"""Seconds around the moment of a purge in which a late undeletion comes."""


@dataclass(frozen=True, slots=True)
class Plan:
    """How much of everything, and by which dice."""

    rng: random.Random
    fates: tuple[Fate, ...]
    """Of its uploads, in order."""
    files: tuple[Path, ...]
    """The last one is no video."""
    folder: Path
    terms: Terms


def sign_up(edge_url: str, rng: random.Random) -> Account:
    """A new account. Its request is sent twice at once, each until it is acknowledged: both are told the same."""
    handle = f"u{rng.randbytes(8).hex()}"
    body = {
        "email": f"{handle}@example.org",
        "password": PASSWORD,
        "handle": handle,
        "request_id": _request_id(rng),
    }

    def ask(_: int) -> dict[str, Any]:
        with Caller.at(edge_url) as caller:
            return caller.call("POST", "/v1/accounts:signUp", body)

    with ThreadPoolExecutor(2) as pool:
        made, again = pool.map(ask, range(2))
    for name, key in (("account", "account_id"), ("channel", "channel_id")):
        assert made[name][key] == again[name][key], f"a repeated sign-up made a second {name}"
    return Account(handle, made["channel"]["channel_id"], made["tokens"]["access_token"])


def live(edge_url: str, clients: Clients, plan: Plan) -> Account:
    """One person: signs up, uploads, edits, publishes, gives up, deletes and regrets."""
    account, rng = sign_up(edge_url, plan.rng), plan.rng
    for number, fate in enumerate(plan.fates):
        told = UploadTold(fate, plan.files[-1] if fate is Fate.NO_VIDEO else rng.choice(plan.files[:-1]))
        account.uploads.append(told)
        _upload(edge_url, clients, account, told, plan, number)
        if told.ended == "completed":
            with Caller.at(edge_url, account.token) as caller:
                _look_after(caller, told, plan, number)
    return account


def _look_after(caller: Caller, told: UploadTold, plan: Plan, number: int) -> None:
    rng = plan.rng
    for edit in range(rng.randint(1, 2)):
        retitle(caller, told, f"Title {number}.{edit}")
    race(caller, told, f"Title {number} of one", f"Title {number} of another")
    publish(caller, told, rng.choice(VISIBILITIES))
    match told.fate:
        case Fate.DELETED:
            delete(caller, told, plan.terms, pause=rng.uniform(0, 6))
        case Fate.UNDELETED:
            asked = delete(caller, told, plan.terms, pause=rng.uniform(0, 3))
            undelete(caller, told, plan.terms, asked, pause=rng.uniform(0, 2))
        case Fate.UNDELETED_LATE:
            asked = delete(caller, told, plan.terms, pause=rng.uniform(0, 3))
            late = plan.terms.purge_deleted_after + rng.uniform(-LATE, LATE)
            undelete(caller, told, plan.terms, asked, pause=late)
        case _:
            pass


def _upload(edge_url: str, clients: Clients, account: Account, told: UploadTold, plan: Plan, number: int) -> None:
    """Starts the client again for as long as it is killed."""
    told.title = f"Upload {number}"
    stem = plan.folder / f"{account.handle}-{number}"
    acknowledged, order_file = stem.with_suffix(".jsonl"), stem.with_suffix(".json")
    Order(
        edge_url=edge_url,
        token=account.token,
        channel_id=account.channel_id,
        request_id=_request_id(plan.rng),
        title=told.title,
        file=str(told.file),
        acknowledged=str(acknowledged),
        fate=told.fate,
        strays=plan.rng.random() < STRAYS,
        expire_after=plan.terms.expire_after,
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


def _request_id(rng: random.Random) -> str:
    return str(uuid.UUID(bytes=rng.randbytes(16), version=4))
