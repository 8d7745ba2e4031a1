"""Keys that follow the clock: rotating them refuses nobody, and the file is read again without a restart."""

from __future__ import annotations

import json
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from typing import Final

import pytest

from mesh.key_files import LOOK_EVERY, KeyFile, replace_keys
from mesh.key_rotation import KeyState, UnderWay, replaced, rotated, state_of
from mesh.keyring import KeyFileError, KeyRing, document_of, ring_from
from mesh.sealing import Sealer
from mesh.service_tokens import ServiceTokens

NOW: Final = 1_900_000_000.0
AFTER: Final = timedelta(seconds=60)
LONGEST: Final = timedelta(hours=12)


def states(ring: KeyRing, now: float) -> list[KeyState]:
    return [state_of(ring, key, now) for key in ring.keys]


def test_a_new_key_is_published_first_signs_later_and_outlives_the_old_one() -> None:
    ring = rotated(KeyRing.generate(), NOW, AFTER, LONGEST)
    begins = NOW + AFTER.total_seconds()
    ends = begins + LONGEST.total_seconds()
    old, new = (key.kid for key in ring.keys)

    assert states(ring, NOW) == [KeyState.SIGNING, KeyState.UPCOMING]
    assert [key.kid for key in ring.published(NOW)] == [old, new]
    assert states(ring, begins) == [KeyState.VERIFYING, KeyState.SIGNING]
    assert [key.kid for key in ring.published(begins)] == [new, old]
    assert states(ring, ends) == [KeyState.RETIRED, KeyState.SIGNING]
    assert [key.kid for key in ring.published(ends)] == [new]


def test_a_token_of_the_old_key_is_believed_for_as_long_as_it_can_live() -> None:
    ring = rotated(KeyRing.generate(), NOW, AFTER, LONGEST)
    last_signed = NOW + AFTER.total_seconds() - 0.001
    expires = last_signed + LONGEST.total_seconds()
    assert ring.signing_at(last_signed).kid in {key.kid for key in ring.published(expires)}


def test_a_second_rotation_waits_until_the_new_key_signs() -> None:
    ring = rotated(KeyRing.generate(), NOW, AFTER, LONGEST)
    with pytest.raises(UnderWay):
        rotated(ring, NOW + 59, AFTER, LONGEST)
    third = rotated(ring, NOW + 60, AFTER, LONGEST)
    assert states(third, NOW + 120) == [KeyState.VERIFYING, KeyState.VERIFYING, KeyState.SIGNING]
    assert third.keys[0].retire_at == ring.keys[0].retire_at


def test_a_rotation_leaves_out_what_is_retired() -> None:
    ring = rotated(KeyRing.generate(), NOW, AFTER, LONGEST)
    later = NOW + timedelta(days=30).total_seconds()
    assert {key.kid for key in ring.keys} & {key.kid for key in rotated(ring, later, AFTER, LONGEST).keys} == {
        ring.keys[1].kid
    }


def test_keys_that_leaked_are_replaced_at_once() -> None:
    ring = replaced(NOW)
    assert states(ring, NOW) == [KeyState.SIGNING]


def test_the_times_of_keys_are_kept_in_the_file_and_not_published() -> None:
    ring = rotated(KeyRing.generate(), NOW, AFTER, LONGEST)
    again = ring_from(document_of(ring))
    assert [(key.kid, key.sign_from, key.retire_at) for key in again.keys] == [
        (key.kid, key.sign_from, key.retire_at) for key in ring.keys
    ]
    assert all(set(jwk) == {"kty", "crv", "alg", "use", "kid", "x"} for jwk in again.public_jwks())


@pytest.mark.parametrize("wrong", ["soon", True, [1]])
def test_a_time_that_is_none_makes_the_file_unreadable(tmp_path: Path, wrong: object) -> None:
    path = tmp_path / "keys.json"
    document = json.loads(document_of(KeyRing.generate()))
    document["keys"][0]["vidmesh:sign_from"] = wrong
    path.write_text(json.dumps(document))
    with pytest.raises(KeyFileError):
        KeyRing.load(path)


def test_no_key_is_shown_by_its_repr() -> None:
    ring = KeyRing.generate()
    secret = json.loads(document_of(ring))["keys"][0]["d"]
    assert secret not in repr(ring)
    assert "Ed25519PrivateKey" not in repr(ring)


def test_a_changed_file_is_in_force_a_second_later(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    clock = [0.0]
    troubles: list[KeyFileError] = []
    keys = KeyFile(path, troubles.append, lambda: clock[0])
    first = keys.signing.kid

    replace_keys(path, KeyRing.generate())
    assert keys.signing.kid == first
    clock[0] += LOOK_EVERY.total_seconds()
    assert keys.signing.kid != first
    assert path.stat().st_mode & 0o777 == 0o600
    assert not troubles


def test_a_file_that_cannot_be_read_leaves_the_known_keys_in_force_and_is_told_once(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    clock = [0.0]
    troubles: list[KeyFileError] = []
    keys = KeyFile(path, troubles.append, lambda: clock[0])
    first = keys.signing.kid

    path.write_text("half a fi")
    for _ in range(3):
        clock[0] += LOOK_EVERY.total_seconds()
        assert keys.signing.kid == first
    assert len(troubles) == 1
    path.unlink()
    clock[0] += LOOK_EVERY.total_seconds()
    assert keys.signing.kid == first


def test_secrets_that_are_believed_as_well_let_a_change_go_on_while_everything_runs() -> None:
    old, new = "o" * 40, "n" * 40
    steps = [(old, []), (old, [new]), (new, [old]), (new, [])]
    # Neighbouring steps are in force at the same time, while one service after the other is restarted.
    for (mine, _), (theirs, believed) in [*pairwise(steps), *pairwise(reversed(steps))]:
        token = ServiceTokens(mine, "svc_upload").own()
        assert ServiceTokens(theirs, "svc_social", believed).verify(token) == "svc_upload"
        assert Sealer(theirs, believed).open("p", Sealer(mine).seal("p", b"x")) == b"x"
    with pytest.raises(ValueError, match="32 characters"):
        Sealer(new, ["short"])
