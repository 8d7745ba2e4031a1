"""The configuration: the shipped file, what overrides it, and what a mistake is told."""

from __future__ import annotations

import itertools
import re
from pathlib import Path

import pytest
from pydantic import BaseModel, SecretStr

from mesh.config import DEFAULT_FILE, ConfigurationError, Section, Settings, load_settings, read_values


@pytest.fixture(autouse=True)
def _no_configuration_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    import os

    for name in list(os.environ):
        if name.startswith("VIDMESH_"):
            monkeypatch.delenv(name)


def described(model: type[BaseModel], prefix: str = "") -> set[str]:
    names: set[str] = set()
    for name, field in model.model_fields.items():
        kind = field.annotation
        if isinstance(kind, type) and issubclass(kind, Section):
            names |= described(kind, f"{prefix}{name}.")
        else:
            names.add(f"{prefix}{name}")
    return names


def written(values: dict[str, object], sections: set[str], prefix: str = "") -> set[str]:
    names: set[str] = set()
    for name, value in values.items():
        if isinstance(value, dict) and (prefix or name in sections):
            names |= written(value, set(), f"{prefix}{name}.")
        else:
            names.add(f"{prefix}{name}")
    return names


def test_the_shipped_file_gives_exactly_what_the_settings_know() -> None:
    sections = {
        name
        for name, field in Settings.model_fields.items()
        if isinstance(field.annotation, type) and issubclass(field.annotation, Section)
    }

    assert written(read_values(DEFAULT_FILE), sections) == described(Settings)


def test_every_value_in_the_shipped_file_is_explained() -> None:
    lines = DEFAULT_FILE.read_text().splitlines()
    unexplained = [
        line
        for above, line in itertools.pairwise(lines)
        if re.match(r"[a-z_]+ = ", line) and not re.match(r"#|[a-z_]+ = ", above)
    ]

    assert unexplained == []


def test_a_file_overrides_the_shipped_one_and_a_variable_overrides_both(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "mine.toml"
    file.write_text('[edge]\nport = 1\nhost = "::1"\n')
    monkeypatch.setenv("VIDMESH_EDGE__PORT", "2")

    settings = load_settings(file)

    assert (settings.edge.port, settings.edge.host) == (2, "::1")
    assert settings.upload.max_active_uploads == 100


def test_a_mistake_is_named_without_the_value(tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text('[identity]\nservice_secret = "hunter2"\ninvented = "hunter3"\n[edge]\nport = 70000\n')

    with pytest.raises(ConfigurationError) as caught:
        load_settings(file)

    assert "identity.invented" in str(caught.value)
    assert "edge.port" in str(caught.value)
    assert "hunter" not in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"nothing\.toml"):
        load_settings(tmp_path / "nothing.toml")


@pytest.mark.parametrize("content", [b"\xd0\x00", b"x = ["])
def test_a_file_that_is_no_configuration_is_named(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "mine.toml"
    file.write_bytes(content)
    with pytest.raises(ConfigurationError, match=r"mine\.toml is no"):
        load_settings(file)


def test_secrets_are_not_shown() -> None:
    settings = load_settings()

    assert isinstance(settings.identity.service_secret, SecretStr)
    for name in described(Settings):
        if re.search(r"secret|password|secret_key", name):
            section, _, field = name.partition(".")
            value = getattr(getattr(settings, section), field)
            several = value if isinstance(value, tuple) else (value,)
            assert all(isinstance(one, SecretStr) for one in several), name


def test_places_in_the_data_folder_are_absolute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VIDMESH_DATA", str(tmp_path))
    settings = load_settings()

    assert settings.file(settings.identity.access_key_file) == tmp_path / "secrets" / "access_keys.json"
    assert settings.tables_url("svc_social") == f"sqlite://{tmp_path}/tables/svc_social.db"
