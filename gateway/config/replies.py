"""What the edge says when it answers by itself: the same body that services give, in gRPC, gRPC-web and JSON.

A local reply has an HTTP status, from which Envoy makes the gRPC one by a fixed table. Where that differs from the
code that is meant, gRPC callers get no details, since clients refuse details that contradict the status.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from google.protobuf import json_format
from google.protobuf.any_pb2 import Any as AnyMessage
from google.protobuf.duration_pb2 import Duration
from google.rpc.code_pb2 import Code
from google.rpc.error_details_pb2 import ErrorInfo, RetryInfo
from google.rpc.status_pb2 import Status

from gateway.config.names import GRANT_HEADER
from gateway.config.plain import Plain, header
from mesh.identity import AUTHORIZATION
from vidmesh.common.v1.error_reason_pb2 import ErrorReason

DOMAIN: Final = "vidmesh"
OWN_WORDS: Final = "%LOCAL_REPLY_BODY%"
"""What Envoy or one of its filters has to say, where that helps the caller."""


@dataclass(frozen=True, slots=True)
class Reply:
    """How one HTTP status is told."""

    http: int
    code: Code.ValueType
    reason: ErrorReason.ValueType
    sentence: str
    when: str | None = None
    """Told so only where the request has this header."""
    retry_after: timedelta | None = None
    challenge: bool = False
    """Name the scheme to come back with (RFC 9110, section 11.6.1)."""


REPLIES: Final = (
    Reply(400, Code.INVALID_ARGUMENT, ErrorReason.ERROR_REASON_INVALID_FIELD, OWN_WORDS),
    Reply(
        401,
        Code.UNAUTHENTICATED,
        ErrorReason.ERROR_REASON_INVALID_TOKEN,
        "The access token is malformed, not ours, or expired.",
        when=AUTHORIZATION,
        challenge=True,
    ),
    Reply(
        401,
        Code.UNAUTHENTICATED,
        ErrorReason.ERROR_REASON_INVALID_TOKEN,
        "The grant in this address is malformed, not ours, or expired.",
        when=GRANT_HEADER,
    ),
    Reply(
        401,
        Code.UNAUTHENTICATED,
        ErrorReason.ERROR_REASON_SIGN_IN_REQUIRED,
        "This needs an access token: sign in.",
        challenge=True,
    ),
    Reply(
        403,
        Code.PERMISSION_DENIED,
        ErrorReason.ERROR_REASON_PERMISSION_DENIED,
        "This is not open to you here.",
    ),
    Reply(404, Code.UNIMPLEMENTED, ErrorReason.ERROR_REASON_NO_SUCH_METHOD, "There is nothing at this address."),
    Reply(
        405, Code.UNIMPLEMENTED, ErrorReason.ERROR_REASON_NO_SUCH_METHOD, "This address does not take this HTTP method."
    ),
    Reply(413, Code.INVALID_ARGUMENT, ErrorReason.ERROR_REASON_INVALID_FIELD, "The request is too large."),
    Reply(
        429,
        Code.UNAVAILABLE,
        ErrorReason.ERROR_REASON_OVERLOADED,
        "Too many calls: wait and repeat.",
        retry_after=timedelta(seconds=1),
    ),
    Reply(500, Code.INTERNAL, ErrorReason.ERROR_REASON_INTERNAL, "The edge could not answer. Repeating may help."),
    *(
        Reply(
            http,
            Code.UNAVAILABLE,
            ErrorReason.ERROR_REASON_UNAVAILABLE,
            "A part of this installation does not answer: wait and repeat.",
            retry_after=timedelta(seconds=1),
        )
        for http in (502, 503, 504)
    ),
)
"""The first one that fits is told."""

GRPC_STATUS: Final[Mapping[int, Code.ValueType]] = {
    400: Code.INTERNAL,
    401: Code.UNAUTHENTICATED,
    403: Code.PERMISSION_DENIED,
    404: Code.UNIMPLEMENTED,
    429: Code.UNAVAILABLE,
    502: Code.UNAVAILABLE,
    503: Code.UNAVAILABLE,
    504: Code.UNAVAILABLE,
}
"""https://github.com/grpc/grpc/blob/master/doc/http-grpc-status-mapping.md; every other is UNKNOWN."""

IS_WEB: Final[Plain] = {"name": "x-grpc-web", "present_match": True}
IS_GRPC: Final[tuple[Plain, ...]] = (
    {"header_filter": {"header": {"name": "content-type", "string_match": {"prefix": "application/grpc"}}}},
    # A JSON call that was turned into a gRPC call is still answered in JSON.
    {"header_filter": {"header": {"name": "x-envoy-original-path", "present_match": True, "invert_match": True}}},
)


def local_replies() -> Plain:
    """The connection manager's `local_reply_config`."""
    mappers: list[Plain] = [_as_it_is()]
    for reply in REPLIES:
        mappers.append(_grpc_web(reply))
        mappers.append(_grpc(reply))
        mappers.append(_json(reply))
    rest = Status(code=Code.UNKNOWN, message=OWN_WORDS)
    return {"mappers": mappers, "body_format": _json_format(rest)}


def _grpc_web(reply: Reply) -> Plain:
    """gRPC-web clients read the status of a call only in an answer whose HTTP status is 200."""
    return {
        "filter": _all_of(*_conditions(reply), {"header_filter": {"header": IS_WEB}}, *IS_GRPC),
        "status_code": 200,
        "body_format_override": {
            "text_format_source": {"inline_string": ""},
            "content_type": "application/grpc-web+proto",
        },
        "headers_to_add": [
            header("grpc-status", str(reply.code)),
            header("grpc-message", "" if reply.sentence == OWN_WORDS else reply.sentence),
            header("grpc-status-details-bin", _sealed(_status(reply))),
        ],
    }


def _sealed(status: Status) -> str:
    return base64.b64encode(status.SerializeToString(deterministic=True)).rstrip(b"=").decode()


def _grpc(reply: Reply) -> Plain:
    fits = GRPC_STATUS.get(reply.http, Code.UNKNOWN) == reply.code
    details = [header("grpc-status-details-bin", _sealed(_status(reply)))] if fits else []
    return {
        "filter": _all_of(*_conditions(reply), *IS_GRPC),
        "body_format_override": {"text_format_source": {"inline_string": reply.sentence}},
        "headers_to_add": [*details, *_headers(reply)],
    }


def _json(reply: Reply) -> Plain:
    return {
        "filter": _all_of(*_conditions(reply)),
        "body_format_override": _json_format(_status(reply)),
        "headers_to_add": _headers(reply),
    }


def _as_it_is() -> Plain:
    """What is no error, such as the answer to a health check, is sent as it was written."""
    comparison = {"op": "LE", "value": {"default_value": 399, "runtime_key": "reply.fine"}}
    return {
        "filter": {"status_code_filter": {"comparison": comparison}},
        "body_format_override": {"text_format_source": {"inline_string": OWN_WORDS}},
    }


def _json_format(status: Status) -> Plain:
    return {"json_format": json_format.MessageToDict(status), "content_type": "application/json"}


def _status(reply: Reply) -> Status:
    status = Status(code=reply.code, message=reply.sentence)
    reason = ErrorReason.Name(reply.reason).removeprefix("ERROR_REASON_")
    details = [_packed(ErrorInfo(reason=reason, domain=DOMAIN))]
    if reply.retry_after is not None:
        delay = Duration()
        delay.FromTimedelta(reply.retry_after)
        details.append(_packed(RetryInfo(retry_delay=delay)))
    status.details.extend(details)
    return status


def _packed(message: ErrorInfo | RetryInfo) -> AnyMessage:
    packed = AnyMessage()
    packed.Pack(message)
    return packed


def _conditions(reply: Reply) -> list[Plain]:
    status: Plain = {
        "status_code_filter": {
            "comparison": {"op": "EQ", "value": {"default_value": reply.http, "runtime_key": f"reply.{reply.http}"}}
        }
    }
    if reply.when is None:
        return [status]
    return [status, {"header_filter": {"header": {"name": reply.when, "present_match": True}}}]


def _all_of(*conditions: Plain) -> Plain:
    return conditions[0] if len(conditions) == 1 else {"and_filter": {"filters": list(conditions)}}


def _headers(reply: Reply) -> list[Plain]:
    headers: list[Plain] = []
    if reply.retry_after is not None:
        headers.append(header("retry-after", str(max(1, round(reply.retry_after.total_seconds())))))
    if reply.challenge:
        headers.append(header("www-authenticate", "Bearer"))
    return headers
