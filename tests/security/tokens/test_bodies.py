"""Bodies that are too large, too deep, or nothing at all: refused with a sentence, and nobody falls over."""

from __future__ import annotations

import contextlib
import gzip
import re
import zlib
from http.client import HTTPConnection
from typing import Final
from urllib.parse import urlsplit

import httpx
import pytest
from google.protobuf import json_format
from google.rpc import code_pb2, error_details_pb2, status_pb2

from mesh.policy import all_methods
from tests.e2e.people import Person
from tests.e2e.stacks import Stack
from tests.security.matrix.faces import Faces
from tests.security.tokens.frames import FRAMES, frame, sent
from vidmesh.upload.v1.video_service_pb2 import GetVideoRequest

pytestmark = [pytest.mark.stack, pytest.mark.timeout(120), pytest.mark.usefixtures("nobody_died")]

GET_VIDEO: Final = "/vidmesh.upload.v1.VideoService/GetVideo"
SENTENCE: Final = re.compile(r"[A-Z].*[.]")
DETAILED: Final = re.compile(r"(\S+|The request does not fit the contract): \S")
"""How one begins that goes on with a field's fault, or with what the reader of JSON has to say."""
MANY: Final = 100 << 20
DEEP: Final = 100_000
PIECE: Final = b"x" * (1 << 20)


def told(text: str) -> tuple[str, str]:
    """Code and reason of an error's JSON, which has a sentence too."""
    status = json_format.Parse(text, status_pb2.Status())
    info = error_details_pb2.ErrorInfo()
    assert SENTENCE.fullmatch(status.message) or DETAILED.match(status.message), status.message
    return code_pb2.Code.Name(status.code), next(info.reason for detail in status.details if detail.Unpack(info))


@pytest.mark.parametrize("honest", [True, False], ids=["with its length", "without"])
def test_a_hundred_megabytes_of_json_are_refused_before_they_are_there(
    plain_stack: Stack, person: Person, honest: bool
) -> None:
    connection = HTTPConnection(urlsplit(plain_stack.edge_url).netloc, timeout=60)
    connection.putrequest("POST", "/v1/channels")
    connection.putheader("authorization", str(person.edge.headers["authorization"]))
    connection.putheader("content-type", "application/json")
    connection.putheader(*(("content-length", str(MANY)) if honest else ("transfer-encoding", "chunked")))
    connection.endheaders()
    taken = 0
    with contextlib.suppress(ConnectionError):
        for _ in range(MANY // len(PIECE)):
            connection.send(PIECE if honest else b"%x\r\n%b\r\n" % (len(PIECE), PIECE))
            taken += len(PIECE)
    answer = connection.getresponse()
    assert answer.status == 413
    assert told(answer.read().decode()) == ("INVALID_ARGUMENT", "REQUEST_TOO_LARGE")
    assert taken < MANY
    connection.close()


@pytest.mark.parametrize(
    "body",
    [
        b'{"handle": ' + b"[" * DEEP + b"]" * DEEP + b"}",
        b'{"a":' * DEEP + b"1" + b"}" * DEEP,
        b'{"handle": "\xff\xfe\xfd"}',
        b'{"handle": "\xc0\xaf"}',
        b'{"handle": "\\ud800"}',
        b'{"handle": NaN}',
        b'{"handle": Infinity}',
        b'{"handle": 1e400}',
        b'{"handle": 007}',
        b'{"handle": "a"} {"handle": "b"}',
        b'{"handle": "a"',
        b'"handle"',
        b"\0\0\0\0",
        b"\xef\xbb\xbf{",
        b"<handle>a</handle>",
    ],
    ids=lambda body: repr(body[:30]),
)
def test_what_is_no_json_of_the_contracts_is_refused(person: Person, body: bytes) -> None:
    answer = person.edge.post("/v1/channels", content=body, headers={"content-type": "application/json"})
    assert answer.status_code == 400, answer.text
    assert told(answer.text) == ("INVALID_ARGUMENT", "INVALID_FIELD")


@pytest.mark.parametrize("value", ["NaN", "Infinity", "-1", "1e99", "0x10", "1;2", "9" * 400, "%ff%fe", "%00"])
def test_a_number_in_the_address_that_is_none_is_refused(plain_stack: Stack, person: Person, value: str) -> None:
    answer = httpx.get(f"{plain_stack.edge_url}/v1/channels/{person.channel_id}/videos?page_size={value}", timeout=20)
    assert answer.status_code == 400, answer.text
    assert told(answer.text) == ("INVALID_ARGUMENT", "INVALID_FIELD")


def test_a_message_that_is_too_large_is_refused_alike_by_grpc_and_grpc_web(plain_faces: Faces) -> None:
    request = GetVideoRequest(video_id="x" * (8 << 20))
    method = all_methods()[GET_VIDEO]
    outcomes = [plain_faces.grpc(method, request, {}), plain_faces.web(method, request, {})]
    assert {str(outcome) for outcome in outcomes} == {"INVALID_ARGUMENT REQUEST_TOO_LARGE"}
    (sentence,) = {outcome.sentence for outcome in outcomes}
    assert SENTENCE.fullmatch(sentence)


@pytest.mark.parametrize("name", FRAMES)
def test_a_frame_that_is_none_is_refused_and_is_no_defect_of_ours(plain_stack: Stack, name: str) -> None:
    message = GetVideoRequest(video_id="AAAAAAAAAAA").SerializeToString()
    outcome = sent(plain_stack.edge_url, GET_VIDEO, FRAMES[name](message))
    assert str(outcome) == "INVALID_ARGUMENT INVALID_FIELD", outcome
    assert SENTENCE.fullmatch(outcome.sentence)


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "nonsense", "identity", "identity,gzip", ""])
def test_an_encoding_that_the_message_does_not_have_is_refused(plain_stack: Stack, encoding: str) -> None:
    message = GetVideoRequest(video_id="AAAAAAAAAAA").SerializeToString()
    said = {"grpc-encoding": encoding}
    outcome = sent(plain_stack.edge_url, GET_VIDEO, frame(message, flag=1), **said)
    assert str(outcome) == "INVALID_ARGUMENT INVALID_FIELD", outcome


@pytest.mark.parametrize("encoding", ["identity", "gzip", "deflate"])
def test_a_good_frame_is_answered_meanwhile_compressed_or_not(plain_stack: Stack, encoding: str) -> None:
    message = GetVideoRequest(video_id="AAAAAAAAAAA").SerializeToString()
    packed = {"identity": bytes, "gzip": gzip.compress, "deflate": zlib.compress}[encoding](message)
    for body in (frame(message), frame(packed, flag=encoding != "identity")):
        outcome = sent(plain_stack.edge_url, GET_VIDEO, body, **{"grpc-encoding": encoding})
        assert str(outcome) == "NOT_FOUND VIDEO_NOT_FOUND"


def test_broken_frames_make_nobody_seem_to_be_away(plain_stack: Stack) -> None:
    message = GetVideoRequest(video_id="AAAAAAAAAAA").SerializeToString()
    for _ in range(30):
        sent(plain_stack.edge_url, GET_VIDEO, frame(message, length=100))
        assert str(sent(plain_stack.edge_url, GET_VIDEO, frame(message))) == "NOT_FOUND VIDEO_NOT_FOUND"
