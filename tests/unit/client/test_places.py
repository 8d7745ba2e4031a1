"""How a command finds its installation."""

from __future__ import annotations

import fcntl
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from vidmesh.client.errors import ClientError
from vidmesh.client.places import find_place


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Of a stack that has ended."""
    folder = tmp_path / "data"
    (folder / "run").mkdir(parents=True)
    (folder / "run" / "stack.json").write_text(json.dumps({"edge_url": "http://127.0.0.1:4321", "state": "ready"}))
    (folder / "run" / "lock").touch()
    return folder


@pytest.fixture
def running(data: Path) -> Iterator[Path]:
    """Of a stack that runs: its supervisor holds the lock."""
    with (data / "run" / "lock").open("r+") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield data


def test_a_stack_on_a_data_folder_keeps_the_sign_in_there(running: Path) -> None:
    place = find_place(running, {})
    assert place.url == "http://127.0.0.1:4321"
    assert place.credentials == running / "session.json"
    assert place.name == str(running)


def test_the_folder_named_goes_before_the_address_in_the_environment(running: Path, tmp_path: Path) -> None:
    environment = {"VIDMESH_URL": "https://video.example.org", "HOME": str(tmp_path)}
    assert find_place(running, environment).url == "http://127.0.0.1:4321"
    remote = find_place(None, environment)
    assert remote.url == "https://video.example.org:443"
    assert remote.credentials == tmp_path / ".config" / "vidmesh" / "video.example.org_443.json"


def test_the_environment_may_name_the_folder(running: Path) -> None:
    assert find_place(None, {"VIDMESH_DATA": str(running)}).url == "http://127.0.0.1:4321"


def test_where_nothing_runs_the_sentence_says_how_to_start(data: Path, tmp_path: Path) -> None:
    with pytest.raises(ClientError, match="start one with `vidmesh up`"):
        find_place(data, {})
    with pytest.raises(ClientError, match=r"No vidmesh is running on \S*nowhere"):
        find_place(tmp_path / "nowhere", {})


@pytest.mark.parametrize("url", ["video.example.org", "ftp://host", "http://", "http://host:x", "http://host/path"])
def test_what_is_no_address_of_an_edge_is_refused(url: str) -> None:
    with pytest.raises(ClientError, match="not the address"):
        find_place(None, {"VIDMESH_URL": url})
