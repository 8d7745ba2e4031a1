"""`vidmesh keys`: rotating what signs, beside whatever runs."""

from __future__ import annotations

import argparse
import json
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from mesh.key_rotation import KeyState, state_of
from mesh.keyring import KeyRing
from mesh.local.errors import StackError
from mesh.local.key_commands import KEYS


@pytest.fixture
def config(tmp_path: Path) -> Path:
    for name in ("access_keys", "grant_keys"):
        KeyRing.load_or_create(tmp_path / "secrets" / f"{name}.json")
    file = tmp_path / "vidmesh.toml"
    file.write_text(f'data = "{tmp_path}"\n')
    return file


def keys(*words: str) -> int:
    parser = argparse.ArgumentParser()
    KEYS.configure(parser)
    return KEYS.run(parser.parse_args(words))


def shown(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    return json.loads(capsys.readouterr().out)


def ring(config: Path, name: str = "access_keys") -> KeyRing:
    return KeyRing.load(config.parent / "secrets" / f"{name}.json")


def test_a_rotation_adds_a_key_that_signs_later(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = ring(config)
    assert keys("rotate", "access", "--config", str(config), "--json") == 0
    told = shown(capsys)["access"]
    after = ring(config)
    assert [key.kid for key in after.keys][:1] == [key.kid for key in before.keys]
    assert [one["state"] for one in told] == ["signing", "upcoming"]
    assert after.signing.kid == before.signing.kid
    assert state_of(after, after.keys[1], time.time() + 61) is KeyState.SIGNING
    # API tokens of the old key may live a year.
    assert after.keys[0].kid in {key.kid for key in after.published(time.time() + 365 * 86400)}


def test_the_old_key_of_grants_is_believed_for_as_long_as_a_grant_lives(config: Path) -> None:
    keys("rotate", "grants", "--config", str(config), "--after", "0")
    rotated = ring(config, "grant_keys")
    old = rotated.keys[0].kid
    assert old in {key.kid for key in rotated.published(time.time() + 43200)}
    assert old not in {key.kid for key in rotated.published(time.time() + 43200 + 60)}


def test_keys_that_leaked_are_gone_at_once(config: Path) -> None:
    old = ring(config).signing.kid
    keys("rotate", "access", "--config", str(config), "--leaked")
    assert old not in {key.kid for key in ring(config).published(time.time())}
    assert ring(config, "grant_keys").signing.kid


def test_a_second_rotation_is_refused_while_the_first_is_under_way(config: Path) -> None:
    keys("rotate", "access", "--config", str(config))
    with pytest.raises(StackError, match="published already"):
        keys("rotate", "access", "--config", str(config))


def test_of_two_commands_at_once_neither_loses_the_key_of_the_other(config: Path) -> None:
    def rotate(_number: int) -> bool:
        try:
            keys("rotate", "access", "--config", str(config), "--after", "0")
        except StackError:
            return False
        return True

    with ThreadPoolExecutor(4) as pool:
        done = sum(pool.map(rotate, range(4)))
    assert len(ring(config).keys) == 1 + done


def test_no_private_key_is_shown(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert keys("list", "--config", str(config)) == 0
    text = capsys.readouterr().out
    secrets = [json.loads((config.parent / "secrets" / f"{n}.json").read_text()) for n in ("access_keys", "grant_keys")]
    assert ring(config).signing.kid in text
    assert not any(entry["d"] in text for document in secrets for entry in document["keys"])


def test_without_a_stack_and_without_a_configuration_it_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(StackError, match="--config"):
        keys("list", "--data", str(tmp_path / "nothing"))


def test_a_file_without_keys_is_named(config: Path) -> None:
    (config.parent / "secrets" / "access_keys.json").unlink()
    with pytest.raises(StackError, match=r"access_keys\.json"):
        keys("rotate", "access", "--config", str(config))
