"""Parts die in the middle of an upload and of its processing: nothing is lost, nothing happens twice, nobody helps."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.e2e.padding import free_box
from tests.e2e.people import CLIP, Person, somebody
from tests.e2e.stacks import Stack, StartStack
from tests.e2e.uploading import begin, processing, send, wait_for


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The clip with a tail that players pass over, so that it has several parts."""
    padded = tmp_path_factory.mktemp("files") / "padded.mp4"
    free = 3 * 1024 * 1024
    padded.write_bytes(CLIP.read_bytes() + free_box(free) + bytes(free))
    return padded


@pytest.fixture
def owner(stack: Stack) -> Iterator[Person]:
    person = somebody(stack)
    yield person
    person.edge.close()


def _patiently(person: Person, path: str) -> httpx.Response:
    """A call that is repeated while a part of the installation is away."""
    give_up = time.monotonic() + 30
    while True:
        answer = person.post(path, {})
        if answer.status_code != 503:
            return answer.raise_for_status()
        assert time.monotonic() < give_up, answer.text
        time.sleep(0.2)


def _wait_until_begun(person: Person, video_id: str) -> None:
    give_up = time.monotonic() + 30
    while not processing(person, video_id).get("renditions"):
        assert time.monotonic() < give_up
        time.sleep(0.05)


def test_confirmed_parts_outlive_the_service_and_the_upload_goes_on(stack: Stack, owner: Person, file: Path) -> None:
    created = begin(owner, file)["upload"]
    send(owner, file, created)
    restarts = stack.part("svc_upload")["restarts"]
    stack.kill("svc_upload")
    stack.wait_restarted("svc_upload", restarts + 1)
    held = owner.get(f"/v1/uploads/{created['upload_id']}").raise_for_status().json()["upload"]
    assert held["received_part_count"] == created["part_count"] > 1
    _patiently(owner, f"/v1/uploads/{created['upload_id']}:complete")
    wait_for(owner, created["video_id"], "PROCESSED")


@pytest.mark.parametrize("part", ["worker-1", "svc_transcode", "bus"])
def test_processing_goes_on_by_itself_when_a_part_dies(stack: Stack, owner: Person, part: str) -> None:
    created = begin(owner)["upload"]
    send(owner, CLIP, created)
    owner.post(f"/v1/uploads/{created['upload_id']}:complete", {}).raise_for_status()
    _wait_until_begun(owner, created["video_id"])
    restarts = stack.part(part)["restarts"]
    stack.kill(part)
    stack.wait_restarted(part, restarts + 1)
    wait_for(owner, created["video_id"], "PROCESSED", 90)

    files = owner.get(f"/v1/videos/{created['video_id']}/files").raise_for_status().json()["files"]
    assert [file["quality"] for file in files] == ["360p", "720p", "audio"]
    video = owner.get(f"/v1/videos/{created['video_id']}").raise_for_status().json()["video"]
    assert video["processing_state"] == "PROCESSING_STATE_PROCESSED"


def test_a_control_plane_that_starts_while_the_sign_in_service_is_away_signs_nobody_out(
    stack: Stack, owner: Person
) -> None:
    restarts = {name: stack.part(name)["restarts"] for name in ("gateway", "svc_social")}
    for name in restarts:
        stack.kill(name)
    give_up, answers = time.monotonic() + 30, set[int]()
    while any(
        stack.part(name)["restarts"] == restarts[name] or stack.part(name)["state"] != "ready" for name in restarts
    ):
        for _ in range(20):
            answers.add(owner.get(f"/v1/channels/{owner.channel_id}/videos").status_code)
            time.sleep(0.02)
        assert time.monotonic() < give_up
    time.sleep(0.5)
    answers.add(owner.get(f"/v1/channels/{owner.channel_id}/videos").status_code)
    assert answers <= {200, 503, 504}


def test_completing_twice_at_once_processes_once(stack: Stack, owner: Person) -> None:
    created = begin(owner)["upload"]
    send(owner, CLIP, created)
    for _ in range(2):
        _patiently(owner, f"/v1/uploads/{created['upload_id']}:complete")
    done = wait_for(owner, created["video_id"], "PROCESSED")
    assert done["manifest_generation"] == "1"


def test_a_file_that_is_no_video_fails_with_a_sentence_and_keeps_its_source(
    stack: Stack, owner: Person, tmp_path: Path
) -> None:
    text = tmp_path / "holiday.mp4"
    text.write_text("not a video\n" * 100)
    created = begin(owner, text)["upload"]
    send(owner, text, created)
    owner.post(f"/v1/uploads/{created['upload_id']}:complete", {}).raise_for_status()
    failed = wait_for(owner, created["video_id"], "FAILED")
    assert failed["failure_reason"] == "FAILURE_REASON_NOT_A_VIDEO"
    assert failed["failure_message"].endswith(".")
    again = owner.post(f"/v1/videos/{created['video_id']}/processing:retry", {})
    assert again.status_code == 200
    wait_for(owner, created["video_id"], "FAILED")


def test_whatever_was_begun_is_found_by_the_next_up(start_stack: StartStack) -> None:
    first = start_stack()
    person = somebody(first)
    created = begin(person)["upload"]
    send(person, CLIP, created)
    person.post(f"/v1/uploads/{created['upload_id']}:complete", {}).raise_for_status()
    authorization = str(person.edge.headers["authorization"])
    person.edge.close()
    first.stop()
    second = start_stack(first.data)
    with httpx.Client(base_url=second.edge_url, headers={"authorization": authorization}, timeout=20) as edge:
        wait_for(Person(edge, person.channel_id, person.handle), created["video_id"], "PROCESSED", 90)
