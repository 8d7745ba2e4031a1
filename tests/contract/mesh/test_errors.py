"""What a caller is told when a call fails, and what the log keeps."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import grpc
import pytest
from google.rpc.error_details_pb2 import BadRequest, ErrorInfo, RetryInfo
from google.rpc.status_pb2 import Status

from mesh.bus.errors import BusUnavailable
from mesh.errors import Fault, Violation, invalid_fields, not_found
from mesh.interceptors.load import Load
from mesh.objects.errors import ObjectMissing, ObjectsUnavailable
from mesh.statuses import MOST_VIOLATIONS, fault_in
from mesh.tables.errors import InvalidRow, Overloaded, Unavailable
from vidmesh.common.v1.error_reason_pb2 import ErrorReason
from vidmesh.playback.v1.playback_service_pb2 import GetPlaybackRequest, ReportPlaybackRequest
from vidmesh.social.v1 import channel_service_pb2 as pb
from vidmesh.social.v1.account_service_pb2 import SignUpRequest

from .conftest import CHANNEL_ID, Start, failure, fault, nothing

GET = pb.GetChannelRequest(channel="abc")


def raising(error: Exception) -> Any:
    async def handler(_request: Any) -> None:
        raise error

    return handler


async def test_a_fault_arrives_as_code_sentence_reason_domain_and_metadata(start: Start) -> None:
    reason = ErrorReason.ERROR_REASON_CHANNEL_NOT_FOUND
    started = await start(raising(not_found(reason, "There is no such channel.", channel_id="abc")))

    error = await failure(started.channels.GetChannel(GET))

    assert error.code() is grpc.StatusCode.NOT_FOUND
    assert error.details() == "There is no such channel."
    trailers = error.trailing_metadata()
    assert trailers is not None
    packed = trailers["grpc-status-details-bin"]
    assert isinstance(packed, bytes)
    status = Status.FromString(packed)
    assert (status.code, status.message) == (5, "There is no such channel.")
    info = ErrorInfo()
    assert status.details[0].Unpack(info)
    assert (info.reason, info.domain, dict(info.metadata)) == ("CHANNEL_NOT_FOUND", "vidmesh", {"channel_id": "abc"})


async def test_an_unexpected_error_shows_an_incident_and_nothing_else(start: Start) -> None:
    started = await start(raising(RuntimeError("the password is hunter2")))

    error = await failure(started.channels.GetChannel(GET))

    assert error.code() is grpc.StatusCode.INTERNAL
    assert "hunter2" not in repr(error)
    told = fault_in(error)
    assert told is not None
    assert told.reason == ErrorReason.ERROR_REASON_INTERNAL
    entry = started.mesh.logged[-1]
    assert entry["incident"] == told.metadata["incident"]
    assert isinstance(entry["exc_info"], RuntimeError)
    assert entry["method"].endswith("/GetChannel")


@pytest.mark.parametrize(
    ("error", "code", "reason", "wait"),
    [
        (Unavailable("disk"), grpc.StatusCode.UNAVAILABLE, ErrorReason.ERROR_REASON_UNAVAILABLE, 1.0),
        (BusUnavailable("gone"), grpc.StatusCode.UNAVAILABLE, ErrorReason.ERROR_REASON_UNAVAILABLE, 1.0),
        (ObjectsUnavailable("gone"), grpc.StatusCode.UNAVAILABLE, ErrorReason.ERROR_REASON_UNAVAILABLE, 1.0),
        (
            Overloaded("queue", timedelta(seconds=0.25)),
            grpc.StatusCode.RESOURCE_EXHAUSTED,
            ErrorReason.ERROR_REASON_OVERLOADED,
            0.25,
        ),
        (InvalidRow("a bug"), grpc.StatusCode.INTERNAL, ErrorReason.ERROR_REASON_INTERNAL, None),
        (ObjectMissing("a bug"), grpc.StatusCode.INTERNAL, ErrorReason.ERROR_REASON_INTERNAL, None),
    ],
)
async def test_errors_of_the_stores_say_whether_waiting_helps(
    start: Start, error: Exception, code: grpc.StatusCode, reason: ErrorReason.ValueType, wait: float | None
) -> None:
    started = await start(raising(error))

    told = await fault(started.channels.GetChannel(GET))

    assert (told.code, told.reason) == (code, reason)
    assert (told.retry_after and told.retry_after.total_seconds()) == wait


async def test_every_broken_field_is_named_with_a_sentence(start: Start) -> None:
    started = await start(nothing)

    told = await fault(
        started.channels.CreateChannel(
            pb.CreateChannelRequest(handle="-", name="n" * 101, request_id="x"),
            metadata=started.mesh.signed_in("somebody"),
        )
    )

    assert told.reason == ErrorReason.ERROR_REASON_INVALID_FIELD
    assert {violation.field: violation.sentence for violation in told.violations} == {
        "handle": "It must match the pattern ^[a-zA-Z0-9][a-zA-Z0-9_.-]{2,29}$.",
        "name": "It must be at most 100 characters long.",
        "request_id": "It must be a UUID.",
    }


async def test_of_very_many_broken_fields_the_first_are_named_and_the_answer_arrives(start: Start) -> None:
    broken = [Violation(f"parts[{number}].size_bytes", "It must be greater than 0.") for number in range(2000)]
    started = await start(raising(invalid_fields(broken)))

    told = await fault(started.channels.GetChannel(GET))

    assert told.reason == ErrorReason.ERROR_REASON_INVALID_FIELD
    assert told.violations == tuple(broken[:MOST_VIOLATIONS])
    assert "And 1997 more" in told.sentence


async def test_headers_as_long_as_the_edge_lets_in_are_taken(start: Start) -> None:
    started = await start(raising(not_found(ErrorReason.ERROR_REASON_CHANNEL_NOT_FOUND, "There is none.")))

    for _ in range(20):
        told = await fault(started.channels.GetChannel(GET, metadata=(("x-envoy-original-path", "/" * 60_000),)))
        assert told.reason == ErrorReason.ERROR_REASON_CHANNEL_NOT_FOUND


async def test_a_request_that_is_no_message_is_refused_as_invalid(start: Start) -> None:
    started = await start(nothing)
    bare = started.outside.unary_unary("/vidmesh.social.v1.ChannelService/GetChannel")

    error = await failure(bare(b"\xff\xff\xff"))

    assert error.code() is grpc.StatusCode.INVALID_ARGUMENT


async def test_an_answer_of_the_wrong_type_is_a_defect_and_not_unknown(start: Start) -> None:
    async def handler(_request: Any) -> Any:
        return "text"

    started = await start(handler)

    assert (await fault(started.channels.GetChannel(GET))).reason == ErrorReason.ERROR_REASON_INTERNAL


@pytest.mark.parametrize("method", ["/vidmesh.social.v1.ChannelService/Invented", "/no.such.Service/Method", "/"])
async def test_a_method_that_nobody_hosts_is_unimplemented(start: Start, method: str) -> None:
    started = await start(nothing)

    told = await fault(started.outside.unary_unary(method)(b""))

    assert told.code is grpc.StatusCode.UNIMPLEMENTED
    assert told.reason == ErrorReason.ERROR_REASON_NO_SUCH_METHOD


async def test_a_method_that_nobody_wrote_is_unimplemented(start: Start) -> None:
    started = await start(nothing)

    told = await fault(started.channels.SetMember(pb.SetMemberRequest(channel_id=CHANNEL_ID)))

    assert told.reason == ErrorReason.ERROR_REASON_NO_SUCH_METHOD


async def test_too_many_calls_are_refused_with_a_time_to_wait() -> None:
    load = Load(most_calls=2)
    load.enter_call()
    load.enter_call()

    with pytest.raises(Fault) as caught:
        load.enter_call()
    assert caught.value.reason == ErrorReason.ERROR_REASON_OVERLOADED
    assert caught.value.retry_after is not None

    load.leave_call()
    load.enter_call()


async def test_a_failed_call_is_one_line_without_what_people_wrote(start: Start) -> None:
    started = await start(nothing)

    await failure(started.channels.GetChannel(pb.GetChannelRequest(channel="private-word" * 10)))

    [entry] = started.mesh.logged
    assert entry["code"] == "INVALID_ARGUMENT"
    assert entry["reason"] == "INVALID_FIELD"
    assert entry["ms"] >= 0
    assert "private-word" not in repr(entry)


def test_sentences_for_rules_are_fit_for_people() -> None:
    from mesh.interceptors.validation import RequestValidator

    def sentences(message: Any) -> dict[str, str]:
        with pytest.raises(Fault) as caught:
            RequestValidator().check(message)
        return {violation.field: violation.sentence for violation in caught.value.violations}

    assert sentences(SignUpRequest(email="x", password="short", handle="abc")) == {
        "email": "It must be an e-mail address.",
        "password": "It must be at least 8 characters long.",
    }
    assert sentences(pb.UpdateChannelRequest()) == {"channel": "It is missing."}
    assert sentences(pb.ListMembersRequest(channel_id=CHANNEL_ID, page_size=-1)) == {
        "page_size": "It must be greater than or equal to 0."
    }
    assert sentences(pb.SetMemberRequest(channel_id=CHANNEL_ID, account_id=CHANNEL_ID)) == {
        "role": "It must be stated."
    }
    assert sentences(GetPlaybackRequest(video_id="a" * 11, device=99, codecs=["avc1", "!"])) == {  # pyright: ignore[reportArgumentType]
        "device": "It must be one of the values that the contract names.",
        "codecs[1]": "It must match the pattern ^[A-Za-z0-9.]{2,40}$.",
    }
    assert sentences(ReportPlaybackRequest(session_token="x")) == {"events": "It must have at least 1 item."}


def test_details_of_other_kinds_are_there_where_they_help() -> None:
    from mesh.errors import invalid_field, unavailable
    from mesh.statuses import status_of

    assert [detail.TypeName() for detail in status_of(invalid_field("a.b", "It is wrong.")).details] == [
        ErrorInfo.DESCRIPTOR.full_name,
        BadRequest.DESCRIPTOR.full_name,
    ]
    assert [detail.TypeName() for detail in status_of(unavailable()).details] == [
        ErrorInfo.DESCRIPTOR.full_name,
        RetryInfo.DESCRIPTOR.full_name,
    ]
