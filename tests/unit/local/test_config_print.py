from __future__ import annotations

import json
import tomllib
from pathlib import Path

import pytest

from mesh.cli import main
from mesh.config import load_settings
from mesh.local import toml
from mesh.local.values import plain

SECRET = "s3cret-that-must-not-be-seen"


@pytest.fixture
def configuration(tmp_path: Path) -> Path:
    file = tmp_path / "mine.toml"
    file.write_text(
        f'[identity]\nservice_secret = "{SECRET}"\n'
        f'[objects]\nsecret_key = "{SECRET}"\n[bus]\nurl = "nats://vidmesh:{SECRET}@bus.example:4222"\n',
        encoding="utf-8",
    )
    return file


@pytest.mark.parametrize("form", [[], ["--json"]])
def test_print_shows_no_secret_and_names_the_file_it_comes_from(
    form: list[str], configuration: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["config", "--print", "--config", str(configuration), *form]) == 0
    printed = capsys.readouterr().out
    assert SECRET not in printed
    assert "***" in printed
    assert str(configuration) in printed


def test_a_secret_that_is_not_set_is_seen_to_be_empty(capsys: pytest.CaptureFixture[str]) -> None:
    main(["config", "--print", "--json"])
    assert json.loads(capsys.readouterr().out)["settings"]["identity"]["service_secret"] == ""


def test_a_configuration_that_was_written_reads_back_the_same(configuration: Path, tmp_path: Path) -> None:
    settings = load_settings(configuration)
    copy = tmp_path / "copy.toml"
    copy.write_text(toml.dump(plain(settings)), encoding="utf-8")
    assert load_settings(copy) == settings


def test_written_text_survives_quotes_backslashes_and_control_characters() -> None:
    text = 'a "b" \\ c\n\t\x01\x7f é 視'
    assert tomllib.loads(toml.dump({"text": text, "table": {"list": [text, "x"], "inner": {"k": 1.5}}})) == {
        "text": text,
        "table": {"list": [text, "x"], "inner": {"k": 1.5}},
    }
