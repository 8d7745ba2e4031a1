"""`vidmesh migrate`, as who runs it sees it."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
import structlog

import mesh.local.migrating
import svc_upload.tables
from mesh.cli import main
from mesh.config import load_settings
from mesh.local.datadir import DataDir, StackLock
from mesh.local.schemas import installed_schemas
from mesh.runtime import Runtime
from mesh.tables import Schema, Table, text
from mesh.tables.sqlite_lock import FileLock

OLD = Schema("svc_one", 1, (Table("notes", (text("id"), text("mood")), ("id",)),))
NEW = Schema("svc_one", 2, (Table("notes", (text("id"), text("mood", retired=2), text("title", since=2)), ("id",)),))


@pytest.fixture(autouse=True)
def _no_configuration_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("VIDMESH_CONFIG", "VIDMESH_DATA"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def place(tmp_path: Path) -> list[str]:
    return ["--url", f"sqlite://{tmp_path}/{{service}}.db"]


def install(monkeypatch: pytest.MonkeyPatch, schema: Schema) -> None:
    """Make this the one service that is installed."""

    def schemas(_names: Sequence[str]) -> list[Schema]:
        return [schema]

    monkeypatch.setattr(mesh.local.migrating, "installed_schemas", schemas)


def test_every_installed_service_gets_its_tables(place: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["migrate", *place, "--dry-run"]) == 3
    told = capsys.readouterr().out
    version = svc_upload.tables.SCHEMA.version
    assert f"svc_upload (sqlite): nothing there → {version}\n" in told
    assert '    CREATE TABLE "accounts"(' in told
    assert told.endswith("nothing was done: this was a dry run\n")
    assert main(["migrate", *place]) == 0
    capsys.readouterr()
    assert main(["migrate", *place, "--dry-run"]) == 0
    assert f"svc_upload (sqlite): version {version}, nothing to do\n" in capsys.readouterr().out


def test_a_version_is_expanded_and_later_contracted(
    place: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    install(monkeypatch, OLD)
    assert main(["migrate", *place]) == 0
    install(monkeypatch, NEW)
    capsys.readouterr()
    assert main(["migrate", *place]) == 0
    assert capsys.readouterr().out == (
        "svc_one (sqlite): version 1 → 2\n"
        "  notes\n"
        '    ALTER TABLE "notes" ADD COLUMN "title" TEXT\n'
        "  retired, and left for --contract: notes.mood\n"
    )
    assert main(["migrate", *place, "--contract", "--dry-run", "--json"]) == 3
    told = json.loads(capsys.readouterr().out)
    assert told == {
        "dry_run": True,
        "left": True,
        "services": [
            {
                "service": "svc_one",
                "engine": "sqlite",
                "version": 2,
                "version_after": 2,
                "oldest": 1,
                "oldest_after": 2,
                "done": False,
                "statements": {"notes": ['ALTER TABLE "notes" DROP COLUMN "mood"']},
                "retired": [],
            }
        ],
    }
    assert main(["migrate", *place, "--contract"]) == 0
    assert "version 2, dropping what is retired: programmes older than 2 are refused" in capsys.readouterr().out
    install(monkeypatch, OLD)
    assert main(["migrate", *place]) == 1
    assert "svc_one has version 2, and this programme knows 1" in capsys.readouterr().err


def test_nothing_is_dropped_before_the_data_is_at_the_new_version(
    place: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    install(monkeypatch, OLD)
    main(["migrate", *place])
    install(monkeypatch, NEW)
    assert main(["migrate", *place, "--contract"]) == 1
    assert "bring it to version 2 by `vidmesh migrate svc_one`" in capsys.readouterr().err


def test_a_file_that_somebody_has_open_is_left_alone(
    place: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["migrate", *place, "svc_upload"])
    lock = FileLock.take(tmp_path / "svc_upload.db.lock")
    try:
        assert main(["migrate", *place, "svc_upload"]) == 1
    finally:
        lock.release()
    assert "The tables of svc_upload are in use: stop what uses them first" in capsys.readouterr().err


def test_the_files_of_a_running_stack_are_left_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = DataDir(tmp_path / "data")
    here = ["--data", str(data.root)]
    assert main(["migrate", *here]) == 1
    assert "No stack was ever started on" in capsys.readouterr().err
    data.prepare()
    data.config_file.write_text(f'data = "{data.root}"\n', encoding="utf-8")
    lock = StackLock(data)
    lock.acquire()
    try:
        assert main(["migrate", *here, "--dry-run"]) == 1
        assert "its files are its own: stop it by `vidmesh down` first" in capsys.readouterr().err
    finally:
        lock.release()
    assert main(["migrate", *here, "svc_upload"]) == 0
    assert (data.root / "tables" / "svc_upload.db").is_file()


def test_a_service_that_may_only_check_starts_when_its_tables_are_there(tmp_path: Path) -> None:
    file = tmp_path / "checked.toml"
    file.write_text(
        f'data = "{tmp_path}/data"\n[tables]\nmigrate = "check"\n'
        f'[identity]\nservice_secret = "{"x" * 40}"\nsealing_secret = "{"y" * 40}"\n',
        encoding="utf-8",
    )
    command = [sys.executable, "-m", "svc_playback", "--listen", "127.0.0.1:0", "--config", str(file)]
    ended = subprocess.run(command, check=False, capture_output=True, text=True, timeout=60)
    assert ended.returncode == 1
    assert ended.stderr.startswith(
        "svc_playback: there is no data of svc_playback, and this programme needs version 1: "
        "run `vidmesh migrate svc_playback` first"
    )
    assert not (tmp_path / "data").exists()

    async def open_its_tables() -> int:
        async with Runtime(load_settings(file), "svc_playback", structlog.get_logger()) as runtime:
            return (await runtime.tables(installed_schemas(["svc_playback"])[0])).schema.version

    assert main(["migrate", "--config", str(file)]) == 0
    assert asyncio.run(open_its_tables()) == 1
