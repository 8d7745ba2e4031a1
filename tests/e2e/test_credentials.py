"""Sign-ins, API tokens and keys as people use them: through the edge of a real stack, and by the command line."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, Final

import httpx
import pytest

from tests.e2e.people import Person, nobody, somebody
from tests.e2e.stacks import Stack, end, start

PASSWORD: Final = "correct horse battery"
CSRF: Final = {"x-vidmesh-csrf": "1"}
AFTER: Final = 15
"""Seconds until a new key signs: the edge asks for keys every 10."""


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A stack of this file's own: its keys are rotated."""
    data = tmp_path_factory.mktemp("credentials") / "data"
    try:
        yield start(data)
    finally:
        end(data)


@pytest.fixture
def person(stack: Stack) -> Iterator[Person]:
    """Somebody who has just signed up."""
    made = somebody(stack)
    with closing(made.edge):
        yield made


def told(stack: Stack, *words: str) -> Any:
    """What a command prints with --json."""
    done = stack.vidmesh(*words, "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def with_token(stack: Stack, token: str, *words: str) -> subprocess.CompletedProcess[str]:
    """A command with an API token instead of a sign-in."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("VIDMESH_")}
    return subprocess.run(
        [sys.executable, "-m", "mesh.cli", *words, "--data", str(stack.data)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env=environment | {"VIDMESH_TOKEN": token},
    )


def within(seconds: float, condition: Callable[[], bool]) -> bool:
    give_up = time.monotonic() + seconds
    while not (met := condition()) and time.monotonic() < give_up:
        time.sleep(0.05)
    return met


def reason(answer: httpx.Response) -> str:
    return next((one["reason"] for one in answer.json().get("details", []) if "reason" in one), "")


def kid(token: str) -> str:
    head = token.split(".", maxsplit=1)[0]
    return str(json.loads(base64.urlsafe_b64decode(head + "=" * (-len(head) % 4)))["kid"])


def test_a_browser_signs_in_by_cookies_and_out_again(stack: Stack, person: Person) -> None:
    handle = person.handle
    with nobody(stack) as browser:
        body = {"email": f"{handle}@example.org", "password": PASSWORD, "cookies": True}
        given = browser.post("/v1/sessions", json=body, headers=CSRF)
        given.raise_for_status()
        assert set(browser.cookies) == {"vidmesh_access", "vidmesh_refresh"}
        assert not given.json()["tokens"].get("access_token")

        assert browser.get("/v1/accounts/me").status_code == 401
        assert browser.get("/v1/accounts/me", headers=CSRF).json()["account"]["username"] == handle
        before = browser.cookies["vidmesh_refresh"]
        browser.post("/v1/sessions:refresh", json={}, headers=CSRF).raise_for_status()
        assert browser.cookies["vidmesh_refresh"] != before

        access = browser.cookies["vidmesh_access"]
        browser.post("/v1/sessions:signOut", json={}, headers=CSRF).raise_for_status()
        assert not browser.cookies
        stale = {"authorization": f"Bearer {access}"}
        assert within(2, lambda: browser.get("/v1/accounts/me", headers=stale).status_code == 401)
        browser.cookies.set("vidmesh_access", access)
        again = browser.post("/v1/sessions", json=body, headers=CSRF)
        assert again.status_code == 200, "an ended sign-in must not stand in the way of the next"


def test_a_sign_in_that_is_ended_elsewhere_is_refused_by_the_edge(stack: Stack, person: Person) -> None:
    with nobody(stack) as other:
        body = {"email": f"{person.handle}@example.org", "password": PASSWORD, "device_name": "lost phone"}
        tokens = other.post("/v1/sessions", json=body).json()["tokens"]
        other.headers["authorization"] = f"Bearer {tokens['access_token']}"
        other.get("/v1/accounts/me").raise_for_status()
        listed = person.get("/v1/sessions").json()["sessions"]
        [lost] = [one["session_id"] for one in listed if one.get("device_name") == "lost phone"]
        person.edge.delete(f"/v1/sessions/{lost}").raise_for_status()
        assert within(2, lambda: other.get("/v1/accounts/me").status_code == 401)
        assert reason(other.get("/v1/accounts/me")) == "INVALID_TOKEN"
        person.get("/v1/accounts/me").raise_for_status()


def test_commands_make_use_and_delete_what_a_person_signs_in_with(stack: Stack) -> None:
    handle = f"ada{time.time_ns()}"[:20]
    words = ("--email", f"{handle}@example.org", "--handle", handle, "--password", PASSWORD)
    told(stack, "signup", *words)
    made = told(stack, "token", "create", "a script", "--scope", "read")
    done = with_token(stack, made["secret"], "videos", "list", "--json")
    assert done.returncode == 0, done.stderr
    refused = with_token(stack, made["secret"], "token", "list")
    assert refused.returncode != 0
    assert "sign-in" in refused.stderr

    [one] = told(stack, "sessions", "list")["sessions"]
    assert one["current"]
    changed = stack.vidmesh("password", "change", "--current", PASSWORD, "--new", "a better horse battery")
    assert changed.returncode == 0, changed.stderr
    told(stack, "token", "delete", made["api_token"]["token_id"])
    assert within(3, lambda: with_token(stack, made["secret"], "videos", "list").returncode != 0)
    told(stack, "login", "--email", f"{handle}@example.org", "--password", "a better horse battery")


def test_keys_are_rotated_while_people_call_through_the_edge_and_nobody_is_refused(
    stack: Stack, person: Person
) -> None:
    edge = nobody(stack)
    body = {"email": f"{person.handle}@example.org", "password": PASSWORD}
    tokens = edge.post("/v1/sessions", json=body).json()["tokens"]
    first = tokens["access_token"]
    seen: list[str] = []
    failures: list[tuple[int, str]] = []
    stop = threading.Event()

    def call() -> None:
        nonlocal tokens
        while not stop.is_set():
            answer = edge.post("/v1/sessions:refresh", json={"refresh_token": tokens["refresh_token"]})
            if answer.status_code != 200:
                failures.append((answer.status_code, answer.text))
                return
            tokens = answer.json()["tokens"]
            seen.append(kid(tokens["access_token"]))
            for token in (first, tokens["access_token"]):
                # One that svc_social answers, and one that another service does.
                for path in ("/v1/accounts/me", f"/v1/channels/{person.channel_id}/videos"):
                    got = edge.get(path, headers={"authorization": f"Bearer {token}"})
                    if got.status_code != 200:
                        failures.append((got.status_code, got.text))
            # Refreshing is of the class "auth": 30 at once, then one in two seconds.
            time.sleep(1.5)

    caller = threading.Thread(target=call)
    caller.start()
    try:
        rings = [told(stack, "keys", "rotate", ring, "--after", str(AFTER)) for ring in ("access", "grants")]
        upcoming = [ring[name][-1]["kid"] for ring, name in zip(rings, ("access", "grants"), strict=True)]
        assert within(AFTER + 10, lambda: bool(failures) or seen[-1:] == [upcoming[0]])
        time.sleep(2)
    finally:
        stop.set()
        caller.join()
        edge.close()
    assert not failures
    assert len(set(seen)) == 2
    states = told(stack, "keys", "list")
    assert {name: [key["state"] for key in keys] for name, keys in states.items()} == {
        "access": ["verifying", "signing"],
        "grants": ["verifying", "signing"],
    }


def test_no_secret_of_theirs_is_in_the_logs(stack: Stack) -> None:
    handle = f"bob{time.time_ns()}"[:20]
    words = ("--email", f"{handle}@example.org", "--handle", handle, "--password", PASSWORD)
    told(stack, "signup", *words)
    made = told(stack, "token", "create", "a script", "--scope", "read")
    with_token(stack, made["secret"], "videos", "list")
    kept = json.loads((Path(stack.data) / "session.json").read_text())
    logged = "".join(file.read_text(errors="replace") for file in (Path(stack.data) / "logs").iterdir())
    for secret in (PASSWORD, made["secret"], kept["access_token"], kept["refresh_token"]):
        assert secret not in logged
