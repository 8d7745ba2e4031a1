"""Uploads that go wrong are refused in the same words by every face, and nothing is lost by it."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

import pytest
from google.protobuf.message import Message

from mesh.policy import Method, all_methods
from tests.e2e.people import Person
from tests.e2e.uploading import begin, processing, send, wait_for
from tests.security.matrix.faces import Faces, Outcome
from tests.security.uploads.state import SMALL, State, confirmed
from tests.security.uploads.wrong import REQUESTS, Wrong, to_complete
from vidmesh.upload.v1 import upload_service_pb2 as pb
from vidmesh.upload.v1.upload_pb2 import UploadState
from vidmesh.upload.v1.video_pb2 import Video

pytestmark = [pytest.mark.stack, pytest.mark.timeout(120), pytest.mark.usefixtures("nobody_died")]

SERVICE: Final = "/vidmesh.upload.v1.UploadService/"
SENTENCE: Final = re.compile(r"(\S+: )?[A-Z0-9].*[.]")
"""Of a field, its name comes first."""

Ask = Callable[[Method, Message, Mapping[str, str]], Outcome]


def ways(faces: Faces) -> dict[str, Ask]:
    return {"gRPC": faces.grpc, "gRPC-web": faces.web, "JSON": faces.json}


def asked(faces: Faces, state: State, name: str, request: Message, who: Person | None) -> dict[str, Outcome]:
    """The same request by every face."""
    method = all_methods()[SERVICE + name]
    return {face: ask(method, request, state.headers(who)) for face, ask in ways(faces).items()}


@pytest.mark.parametrize("wrong", REQUESTS, ids=lambda wrong: wrong.name)
def test_what_is_wrong_is_refused_alike_by_every_face_and_nothing_is_lost(
    plain_faces: Faces, state: State, wrong: Wrong
) -> None:
    came = asked(plain_faces, state, wrong.method, wrong.build(state), wrong.who(state))
    for face, outcome in came.items():
        assert str(outcome) == f"{wrong.code} {wrong.reason}", (face, outcome)
        assert SENTENCE.fullmatch(outcome.sentence), (face, outcome.sentence)
        assert wrong.metadata <= outcome.metadata.keys(), (face, outcome.metadata)
    assert len({(outcome.sentence, *sorted(outcome.metadata.items())) for outcome in came.values()}) == 1
    assert confirmed(state) == [1]
    upload = state.owner.get(f"/v1/uploads/{state.whole}").raise_for_status().json()["upload"]
    assert (upload["state"], int(upload["received_bytes"])) == ("UPLOAD_STATE_ACTIVE", len(SMALL))


def test_a_request_that_is_repeated_by_another_face_finds_the_first_result(plain_faces: Faces, state: State) -> None:
    request = pb.CreateUploadRequest(
        request_id=str(uuid.uuid4()), channel_id=state.owner.channel_id, size_bytes=9, video=Video(title="Twice")
    )
    method, headers = all_methods()[f"{SERVICE}CreateUpload"], state.headers(state.owner)
    first, second = plain_faces.grpc(method, request, headers), plain_faces.json(method, request, headers)
    assert isinstance(first.answer, pb.CreateUploadResponse)
    assert isinstance(second.answer, pb.CreateUploadResponse)
    assert first.answer.upload.upload_id == second.answer.upload.upload_id
    assert first.answer.video.video_id == second.answer.video.video_id
    request.size_bytes = 10
    came = asked(plain_faces, state, "CreateUpload", request, state.owner)
    assert {str(outcome) for outcome in came.values()} == {"ALREADY_EXISTS REQUEST_ID_REUSED"}
    assert len({outcome.sentence for outcome in came.values()}) == 1
    plain_faces.grpc(
        all_methods()[f"{SERVICE}AbortUpload"],
        pb.AbortUploadRequest(upload_id=first.answer.upload.upload_id),
        headers,
    )


def test_what_is_sent_and_confirmed_twice_counts_once(state: State, tmp_path: Path) -> None:
    file = tmp_path / "small.mp4"
    file.write_bytes(SMALL)
    upload = begin(state.owner, file)["upload"]
    send(state.owner, file, upload)
    send(state.owner, file, upload)  # its PUT is answered with 412: the part is there
    now = state.owner.get(f"/v1/uploads/{upload['upload_id']}").raise_for_status().json()["upload"]
    assert (int(now["received_bytes"]), now["state"]) == (len(SMALL), "UPLOAD_STATE_ACTIVE")
    state.owner.post(f"/v1/uploads/{upload['upload_id']}:abort", {}).raise_for_status()


def test_many_who_complete_at_once_by_every_face_are_all_told_that_it_is_done_and_it_is_done_once(
    plain_faces: Faces, state: State, tmp_path: Path
) -> None:
    file = tmp_path / "small.mp4"
    file.write_bytes(SMALL)
    created = begin(state.owner, file)
    send(state.owner, file, created["upload"])
    request = to_complete(created["upload"]["upload_id"])
    method, headers = all_methods()[f"{SERVICE}CompleteUpload"], state.headers(state.owner)
    with ThreadPoolExecutor(9) as pool:
        running = [pool.submit(ask, method, request, headers) for ask in ways(plain_faces).values() for _ in range(3)]
        outcomes = [one.result() for one in running]
    assert {outcome.code for outcome in outcomes} == {"OK"}, outcomes
    answers = [outcome.answer for outcome in outcomes if isinstance(outcome.answer, pb.CompleteUploadResponse)]
    assert {answer.upload.state for answer in answers} == {UploadState.UPLOAD_STATE_COMPLETED}
    video_id = created["video"]["video_id"]
    failed = wait_for(state.owner, video_id, "FAILED")
    assert failed["failure_reason"] == "FAILURE_REASON_NOT_A_VIDEO"
    again = plain_faces.grpc(method, request, headers)
    assert again.code == "OK"
    assert processing(state.owner, video_id)["failure_message"] == failed["failure_message"]


def test_after_all_that_an_upload_is_taken(state: State, tmp_path: Path) -> None:
    file = tmp_path / "small.mp4"
    file.write_bytes(SMALL)
    upload = begin(state.owner, file)["upload"]
    send(state.owner, file, upload)
    state.owner.post(f"/v1/uploads/{upload['upload_id']}:complete", {}).raise_for_status()
