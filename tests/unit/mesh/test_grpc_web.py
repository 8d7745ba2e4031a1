"""What tests read from gRPC-web answers."""

from __future__ import annotations

import base64

import pytest
from google.rpc.status_pb2 import Status

from mesh.testing.grpc_web import framed, reply

REFUSED = Status(code=5, message="There is none: 100 %.")
DETAILS = base64.b64encode(REFUSED.SerializeToString()).decode().rstrip("=")


def trailers(text: str) -> bytes:
    return b"\x80" + len(text).to_bytes(4, "big") + text.encode()


def test_messages_come_in_order_and_trailers_from_the_last_frame() -> None:
    found = reply({}, framed(b"one") + framed(b"") + trailers("grpc-status:0\r\nX-Other: a:b\r\n"))
    assert found.messages == (b"one", b"")
    assert (found.code, found.status, found.trailers["x-other"]) == (0, Status(), "a:b")


def test_an_answer_without_a_body_has_its_trailers_in_the_headers() -> None:
    told = {"Grpc-Status": "5", "Grpc-Message": "There is none: 100 %25.", "Grpc-Status-Details-Bin": DETAILS}
    assert reply(told, b"").status == REFUSED


def test_places_that_do_not_agree_are_noticed() -> None:
    found = reply({}, trailers(f"grpc-status: 7\r\ngrpc-message: x\r\ngrpc-status-details-bin: {DETAILS}\r\n"))
    with pytest.raises(ValueError, match="do not agree"):
        _ = found.status
