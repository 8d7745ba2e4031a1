from __future__ import annotations

from pathlib import Path

import pytest

from mesh.local.datadir import FORMAT, DataDir, StackLock
from mesh.local.errors import StackError
from mesh.local.secrets import load_or_make


def test_preparing_twice_is_the_same_and_only_the_owner_may_look(tmp_path: Path) -> None:
    data = DataDir(tmp_path / "data")
    data.prepare()
    data.prepare()
    assert data.root.stat().st_mode & 0o777 == 0o700
    assert (data.root / "FORMAT").read_text(encoding="ascii") == f"{FORMAT}\n"


def test_data_of_a_newer_format_is_refused_with_both_numbers_and_left_alone(tmp_path: Path) -> None:
    (tmp_path / "FORMAT").write_text(f"{FORMAT + 1}\n", encoding="ascii")
    with pytest.raises(StackError, match=rf"format {FORMAT + 1}, newer than the {FORMAT}"):
        DataDir(tmp_path).prepare()
    assert [entry.name for entry in tmp_path.iterdir()] == ["FORMAT"]


def test_a_folder_with_other_peoples_files_is_refused(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").touch()
    with pytest.raises(StackError, match="holds other files"):
        DataDir(tmp_path).prepare()


def test_one_holder_at_a_time_and_the_lock_goes_with_it(tmp_path: Path) -> None:
    data = DataDir(tmp_path / "data")
    data.prepare()
    first, second = StackLock(data), StackLock(data)
    assert not first.is_held()
    first.acquire()
    assert second.is_held()
    with pytest.raises(StackError, match="already runs"):
        second.acquire()
    first.release()
    second.acquire()
    second.release()


def test_secrets_are_made_once_kept_private_and_never_printed(tmp_path: Path) -> None:
    file = tmp_path / "stack.json"
    made = load_or_make(file)
    assert load_or_make(file) == made
    assert file.stat().st_mode & 0o777 == 0o600
    assert made.sealing_secret not in repr(made)
    assert len({made.service_secret, made.sealing_secret, made.bus_password, made.objects_secret_key}) == 4


def test_a_secret_added_by_a_newer_version_is_made_and_the_others_stay(tmp_path: Path) -> None:
    file = tmp_path / "stack.json"
    file.write_text('{"service_secret": "kept"}', encoding="utf-8")
    assert load_or_make(file).service_secret == "kept"
    assert load_or_make(file).sealing_secret == load_or_make(file).sealing_secret
