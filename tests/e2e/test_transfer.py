"""Back-up, restore, export and import of a real stack, as docs/operations.md tells to type it.

Invariants: what was acknowledged before the back-up began is there after the restore and works; what was unfinished can
be finished; the tables arrive on another engine row by row.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.people import CLIP, signed_in, somebody
from tests.e2e.playing import plays
from tests.e2e.stacks import Stack, StartStack, vidmesh
from tests.e2e.uploading import begin, send, send_part, upload, wait_for

ROOT = Path(__file__).resolve().parents[2]
BACKUP, RESTORE, MOVE, VERIFY = re.findall(
    r"```sh\n(.*?)```", (ROOT / "docs/operations.md").read_text(encoding="utf-8"), flags=re.S
)


def shell(lines: str, folder: Path, data: Path) -> str:
    """What a block of the page prints, typed in `folder` for the stack on `data`."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("VIDMESH_")}
    environment = kept | {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "VIDMESH_DATA": str(data),
        "VIDMESH_EDGE__PORT": "0",
        "VIDMESH_TRANSCODE__PRESET": "veryfast",
        "VIDMESH_TRANSCODE__WORKERS": "1",
    }
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", lines],
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
        cwd=folder,
        env=environment,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """Where the page's commands are typed."""
    yield tmp_path
    vidmesh("down", "--data", str(tmp_path / "restored"))


@pytest.mark.stack
@pytest.mark.sqlite("a cluster is backed up by its own means")
@pytest.mark.timeout(400)
def test_a_back_up_made_while_uploads_go_on_is_restored_and_moved(start_stack: StartStack, folder: Path) -> None:
    stack = start_stack()
    person = somebody(stack)
    finished = upload(person, title="Finished")
    segments = plays(person, finished)
    unfinished = begin(person, title="Unfinished")
    first = unfinished["upload"]["layout"][0]
    part = CLIP.read_bytes()[: int(first["size_bytes"])]
    send_part(person, unfinished["upload"]["upload_id"], int(first["first_number"]), part)
    processing = begin(person, title="In the midst")
    send(person, CLIP, processing["upload"])
    person.post(f"/v1/uploads/{processing['upload']['upload_id']}:complete", {}).raise_for_status()

    others: list[str] = []
    enough = threading.Event()

    def busy() -> None:
        while not enough.is_set():
            created = begin(person, title=f"Other {len(others)}")
            send(person, CLIP, created["upload"])
            others.append(created["video"]["video_id"])
            # No more than workers can do: what is encoded goes before what is read back.
            enough.wait(2)

    uploading = threading.Thread(target=busy)
    uploading.start()
    try:
        shell(BACKUP, folder, stack.data)
    finally:
        enough.set()
        uploading.join()
    assert others
    manifest = json.loads((folder / "backup/manifest.json").read_text(encoding="utf-8"))
    assert manifest["objects"] > segments
    stack.stop()

    shell(RESTORE, folder, stack.data)
    restored = folder / "restored"
    told = json.loads((restored / "run/stack.json").read_text(encoding="utf-8"))
    later = signed_in(Stack(restored, told["edge_url"]), person)

    assert plays(later, finished) == segments
    # Whatever job was in whatever hands at the cut is done again at once.
    wait_for(later, processing["video"]["video_id"], "PROCESSED", 180)
    assert plays(later, processing["video"]["video_id"]) == segments
    send(later, CLIP, unfinished["upload"])
    later.post(f"/v1/uploads/{unfinished['upload']['upload_id']}:complete", {}).raise_for_status()
    video = later.get(f"/v1/videos/{unfinished['video']['video_id']}").raise_for_status().json()["video"]
    assert video["processing_state"] != "PROCESSING_STATE_UPLOADING"
    for client in (person.edge, later.edge):
        client.close()

    assert "are the same" in shell(MOVE, folder, stack.data)
    compared = shell(VERIFY, folder, stack.data).splitlines()
    assert len(compared) == 4
    assert all("are the same" in line for line in compared)


def test_a_folder_that_is_not_empty_is_never_restored_into(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data/precious").write_text("x", encoding="utf-8")
    done = vidmesh("restore", "--from", str(tmp_path), "--data", str(tmp_path / "data"))
    assert done.returncode == 1
    assert "is not empty" in done.stderr
    assert (tmp_path / "data/precious").exists()
