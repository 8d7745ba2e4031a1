"""No secret is anywhere but where it has business: after a whole journey, with all that can be logged logged, nothing
that people or parts keep secret stands in an answer, a file, a command line or an environment.
"""

from __future__ import annotations

import json
import re
import stat
from pathlib import Path
from typing import Any, Final

import pytest

from tests.e2e.stacks import Stack
from tests.security.canaries.journey import Journey, travel
from tests.security.canaries.searching import Hit, forms, in_bytes, in_files, in_processes
from tests.security.matrix.scene import PASSWORD, Scene

pytestmark = pytest.mark.timeout(300)

OF_THE_INSTALLATION: Final = {
    r"secrets/(stack|access_keys|grant_keys)\.json": "where they are kept",
    r"run/config\.toml": "the parts' configuration of this run",
    r"run/nats\.conf": "the bus asks for the password",
    r"run/s3\.json": "the store verifies signatures by the key",
}
"""Files in which secrets of the installation have business, by pattern, with the reason; all of them 0600."""


OF_THE_COMMAND_LINE: Final = (Hit("a signed token", "session.json"),)
"""Where `vidmesh login` keeps the sign-in of who uses the command line."""

OF_THE_STORE: Final = (Hit("filer_key", "environ of weed"),)
"""SeaweedFS is told the key of its filer by its environment, which its own account alone can read, as it can a file."""


@pytest.fixture(scope="module")
def journey(scene: Scene) -> Journey:
    return travel(scene)


def of_people(journey: Journey) -> dict[str, str]:
    """What belongs to people."""
    return journey.secrets | {"everybody's password": PASSWORD}


def of_the_installation(stack: Stack) -> dict[str, str]:
    """What the parts share."""
    kept: dict[str, str] = json.loads((stack.data / "secrets" / "stack.json").read_text(encoding="utf-8"))
    # An access key is a name: it stands in every signed address, beside what proves it.
    found = {name: value for name, value in kept.items() if name != "objects_access_key"}
    for ring in ("access_keys", "grant_keys"):
        keys: list[Any] = json.loads((stack.data / "secrets" / f"{ring}.json").read_text(encoding="utf-8"))["keys"]
        found |= {f"private key {number} of {ring}": key["d"] for number, key in enumerate(keys)}
    return found


def test_the_search_finds_a_secret_in_every_form(tmp_path: Path) -> None:
    secret = "canary-0123456789abcdef"
    for number, form in enumerate(forms(secret)):
        (tmp_path / str(number)).write_bytes(b"before" + form + b"behind")
        assert in_files(tmp_path, {"it": secret}) == [Hit("it", str(number))]
        (tmp_path / str(number)).unlink()
    (tmp_path / "token").write_bytes(b"Bearer eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiJhIn0x." + b"A" * 40)
    assert in_files(tmp_path, {}) == [Hit("a signed token", "token")]


def test_an_answer_holds_a_secret_only_where_it_is_given(stack: Stack, journey: Journey) -> None:
    secrets = of_people(journey) | of_the_installation(stack)
    found: list[str] = []
    for number, (asked, answer) in enumerate(journey.answers):
        allowed = {name for name, given in journey.given.items() if given == number}
        # Grants of one second are one grant.
        allowed |= {"grant"} if asked.endswith("/playback") else set()
        found += [f"{name} in the answer to {asked}" for name in in_bytes(answer, secrets) if name not in allowed]
    assert len(journey.answers) > 50
    assert not found


def test_no_file_holds_what_people_keep_secret(stack: Stack, journey: Journey) -> None:
    assert journey.answers
    found = [hit for hit in in_files(stack.data, of_people(journey)) if hit not in OF_THE_COMMAND_LINE]
    assert not [str(hit) for hit in found]
    assert stat.S_IMODE((stack.data / "session.json").stat().st_mode) == 0o600


def test_secrets_of_the_installation_stand_only_where_they_are_needed(stack: Stack, journey: Journey) -> None:
    assert journey.answers
    found: list[str] = []
    hits = [hit for hit in in_files(stack.data, of_the_installation(stack)) if hit not in OF_THE_COMMAND_LINE]
    for hit in hits:
        if not any(re.fullmatch(pattern, hit.place) for pattern in OF_THE_INSTALLATION):
            found.append(str(hit))
        elif stat.S_IMODE((stack.data / hit.place).stat().st_mode) != 0o600:
            found.append(f"{hit}, which others can read")
    assert not found
    unused = [pattern for pattern in OF_THE_INSTALLATION if not any(re.fullmatch(pattern, hit.place) for hit in hits)]
    assert not unused, "what is allowed and not needed"


def test_no_command_line_and_no_environment_holds_a_secret(stack: Stack, journey: Journey) -> None:
    pids = [part["pid"] for part in stack.status()["parts"] if part["pid"]]
    assert len(pids) > 8
    hits = in_processes(pids, of_people(journey) | of_the_installation(stack))
    assert not [str(hit) for hit in hits if hit not in OF_THE_STORE]


def test_what_is_no_secret_is_found_where_it_belongs(stack: Stack, scene: Scene) -> None:
    found = in_files(stack.data, {"address": scene.owner.email})
    assert {hit.place.split("/")[0] for hit in found if hit.secret == "address"} == {"tables"}


def test_the_logs_were_as_talkative_as_can_be(stack: Stack, journey: Journey) -> None:
    assert journey.answers
    logs = {file.name: file.read_text(errors="replace") for file in (stack.data / "logs").iterdir()}
    assert "/vidmesh.social.v1.AccountService/SignUp" in logs["edge.log"]
    assert '"trace_id"' in logs["svc_social.log"]
    assert '"name": "vidmesh.social.v1.AccountService/SignIn"' in logs["svc_social.log"]
