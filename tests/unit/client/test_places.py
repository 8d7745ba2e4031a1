"""How a command finds its installation."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from vidmesh.client.errors import ClientError
from vidmesh.client.places import find_place


def running(data: Path, pid: int | None = None, state: str = "ready") -> Path:
    (data / "run").mkdir(parents=True)
    told = {"edge_url": "http://127.0.0.1:4321", "pid": pid or os.getpid(), "state": state}
    (data / "run" / "stack.json").write_text(json.dumps(told))
    return data


def test_a_stack_on_a_data_folder_keeps_the_sign_in_there(tmp_path: Path) -> None:
    place = find_place(running(tmp_path / "data"), {})
    assert place.url == "http://127.0.0.1:4321"
    assert place.credentials == tmp_path / "data" / "session.json"
    assert place.name == str(tmp_path / "data")


def test_the_folder_named_goes_before_the_address_in_the_environment(tmp_path: Path) -> None:
    environment = {"VIDMESH_URL": "https://video.example.org", "HOME": str(tmp_path)}
    assert find_place(running(tmp_path / "data"), environment).url == "http://127.0.0.1:4321"
    remote = find_place(None, environment)
    assert remote.url == "https://video.example.org:443"
    assert remote.credentials == tmp_path / ".config" / "vidmesh" / "video.example.org_443.json"


def test_the_environment_may_name_the_folder(tmp_path: Path) -> None:
    running(tmp_path / "data")
    assert find_place(None, {"VIDMESH_DATA": str(tmp_path / "data")}).url == "http://127.0.0.1:4321"


@pytest.mark.parametrize(("pid", "state"), [(2**22 + 1, "ready"), (None, "stopped")])
def test_where_nothing_runs_the_sentence_says_how_to_start(tmp_path: Path, pid: int | None, state: str) -> None:
    with pytest.raises(ClientError, match="start one with `vidmesh up`"):
        find_place(running(tmp_path / "data", pid, state), {})
    with pytest.raises(ClientError, match=r"No vidmesh is running on \S*nowhere"):
        find_place(tmp_path / "nowhere", {})


@pytest.mark.parametrize("url", ["video.example.org", "ftp://host", "http://", "http://host:x", "http://host/path"])
def test_what_is_no_address_of_an_edge_is_refused(url: str) -> None:
    with pytest.raises(ClientError, match="not the address"):
        find_place(None, {"VIDMESH_URL": url})
