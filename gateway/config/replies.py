"""What the edge says when it answers by itself: the same body that services give, in gRPC, gRPC-web and JSON.

A local reply has an HTTP status; what it is in gRPC is stated beside it, with the same details in each face.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

from google.protobuf import json_format
from google.rpc.status_pb2 import Status
from grpc import StatusCode

from gateway.config.framing import SENTENCE as BROKEN_FRAME
from gateway.config.limits import SENTENCE
from gateway.config.names import FRAMING_HEADER, GRANT_HEADER, LIMIT_METADATA, SESSION_HEADER
from gateway.config.plain import Plain, header, in_header
from mesh.config import EdgeSettings, LimitSettings
from mesh.cookies import COOKIE, CSRF_HEADER, cookie_names
from mesh.errors import Fault, exhausted
from mesh.identity import AUTHORIZATION
from mesh.statuses import status_of
from vidmesh.common.v1.error_reason_pb2 import ErrorReason

OWN_WORDS: Final = "%LOCAL_REPLY_BODY%"
"""What Envoy or one of its filters has to say, where that helps the caller."""


@dataclass(frozen=True, slots=True)
class Reply:
    """How one HTTP status is told."""

    http: int
    code: StatusCode
    reason: ErrorReason.ValueType
    sentence: str
    when: tuple[Plain, ...] = ()
    """Told so only where the request has all of these headers (matchers)."""
    as_http: int | None = None
    """The HTTP status that it is told with, where that is another."""
    retry_after: timedelta | None = None
    challenge: bool = False
    """Name the scheme to come back with (RFC 9110, section 11.6.1)."""
    metadata: Mapping[str, str] = field(default_factory=dict[str, str])
    """Of the ErrorInfo."""


def _with(name: str) -> Plain:
    return {"name": name, "present_match": True}


def _without(name: str) -> Plain:
    return {"name": name, "present_match": True, "invert_match": True}


def replies(edge: EdgeSettings, limits: LimitSettings) -> tuple[Reply, ...]:
    """What is told, by status: the first one that fits."""
    access_cookie: Plain = {"name": COOKIE, "string_match": {"contains": f"{cookie_names(edge.public_url).access}="}}
    return (
        Reply(
            400,
            StatusCode.INVALID_ARGUMENT,
            ErrorReason.ERROR_REASON_INVALID_FIELD,
            BROKEN_FRAME,
            when=(_with(FRAMING_HEADER),),
        ),
        Reply(
            400,
            StatusCode.INVALID_ARGUMENT,
            ErrorReason.ERROR_REASON_INVALID_FIELD,
            f"The request does not fit the contract: {OWN_WORDS}",
        ),
        Reply(
            401,
            StatusCode.UNAUTHENTICATED,
            ErrorReason.ERROR_REASON_INVALID_TOKEN,
            "The access token is malformed, not ours, or expired.",
            when=(_with(AUTHORIZATION),),
            challenge=True,
        ),
        Reply(
            401,
            StatusCode.UNAUTHENTICATED,
            ErrorReason.ERROR_REASON_INVALID_TOKEN,
            "The grant in this address is malformed, not ours, or expired.",
            when=(_with(GRANT_HEADER),),
        ),
        Reply(
            401,
            StatusCode.UNAUTHENTICATED,
            ErrorReason.ERROR_REASON_SIGN_IN_REQUIRED,
            f"This needs a sign-in, and the cookie of one counts only together with the header {CSRF_HEADER}.",
            when=(access_cookie, _without(CSRF_HEADER)),
            challenge=True,
        ),
        Reply(
            401,
            StatusCode.UNAUTHENTICATED,
            ErrorReason.ERROR_REASON_SIGN_IN_REQUIRED,
            "This needs an access token: sign in.",
            challenge=True,
        ),
        Reply(
            403,
            StatusCode.UNAUTHENTICATED,
            ErrorReason.ERROR_REASON_INVALID_TOKEN,
            "This sign-in has ended.",
            # Only the list of ended sign-ins refuses calls whose token was found to be good.
            when=(_with(SESSION_HEADER),),
            as_http=401,
            challenge=True,
        ),
        Reply(
            403,
            StatusCode.PERMISSION_DENIED,
            ErrorReason.ERROR_REASON_PERMISSION_DENIED,
            "This is not open to you here.",
        ),
        Reply(
            404, StatusCode.UNIMPLEMENTED, ErrorReason.ERROR_REASON_NO_SUCH_METHOD, "There is nothing at this address."
        ),
        Reply(
            405,
            StatusCode.UNIMPLEMENTED,
            ErrorReason.ERROR_REASON_NO_SUCH_METHOD,
            "This address does not take this HTTP method.",
        ),
        *(
            Reply(
                http,
                StatusCode.INVALID_ARGUMENT,
                ErrorReason.ERROR_REASON_REQUEST_TOO_LARGE,
                sentence,
                metadata={"limit_bytes": str(most)},
            )
            for http, sentence, most in (
                (413, "The request is too large.", limits.max_request_bytes),
                (431, "The headers of the request are too many or too large.", limits.max_header_bytes),
            )
        ),
        Reply(
            500,
            StatusCode.INTERNAL,
            ErrorReason.ERROR_REASON_INTERNAL,
            "The edge could not answer. Repeating may help.",
        ),
        *(
            Reply(
                http,
                StatusCode.UNAVAILABLE,
                ErrorReason.ERROR_REASON_UNAVAILABLE,
                "A part of this installation does not answer: wait and repeat.",
                retry_after=timedelta(seconds=1),
            )
            for http in (502, 503, 504)
        ),
    )


AS_WEB: Final[Plain] = {
    "status_code": 200,
    "body_format_override": {
        "text_format_source": {"inline_string": ""},
        "content_type": "application/grpc-web+proto",
    },
}
IS_WEB: Final[Plain] = {"name": "x-grpc-web", "present_match": True}
IS_GRPC: Final[tuple[Plain, ...]] = (
    {"header_filter": {"header": {"name": "content-type", "string_match": {"prefix": "application/grpc"}}}},
    # A JSON call that was turned into a gRPC call is still answered in JSON.
    {"header_filter": {"header": {"name": "x-envoy-original-path", "present_match": True, "invert_match": True}}},
)


def local_replies(edge: EdgeSettings, limits: LimitSettings) -> Plain:
    """The connection manager's `local_reply_config`."""
    mappers: list[Plain] = [_as_it_is(), *_used_up()]
    for reply in replies(edge, limits):
        mappers.append(_grpc_web(reply))
        mappers.append(_grpc(reply))
        mappers.append(_json(reply))
    rest = Status(code=StatusCode.UNKNOWN.value[0], message=OWN_WORDS)
    return {"mappers": mappers, "body_format": _json_format(rest)}


def _used_up() -> list[Plain]:
    """Whose budget is used up is told what the call's route says of it: 429, RESOURCE_EXHAUSTED."""
    told = f"%METADATA(ROUTE:{LIMIT_METADATA}:{{}})%"
    reason, rate_class = ErrorReason.ERROR_REASON_RATE_LIMITED, told.format("rate_class")
    status = status_of(exhausted(reason, SENTENCE, retry_after=timedelta(0), rate_class=rate_class))
    written = _plain(status)
    # What only the route knows cannot be written as a Duration.
    written["details"][1]["retry_delay"] = told.format("retry_delay")
    status_is = _status_is(429)
    after = header("retry-after", told.format("retry_after"))
    details = header("grpc-status-details-bin", told.format("status"))
    code = header("grpc-status", str(status.code))
    return [
        {
            "filter": _all_of(status_is, {"header_filter": {"header": IS_WEB}}, *IS_GRPC),
            **AS_WEB,
            "headers_to_add": [code, header("grpc-message", SENTENCE), details, after],
        },
        {
            "filter": _all_of(status_is, *IS_GRPC),
            "body_format_override": {"text_format_source": {"inline_string": SENTENCE}},
            "headers_to_add": [code, details, after],
        },
        {
            "filter": status_is,
            "body_format_override": {"json_format": written, "content_type": "application/json"},
            "headers_to_add": [after],
        },
    ]


def _grpc_web(reply: Reply) -> Plain:
    """gRPC-web clients read the status of a call only in an answer whose HTTP status is 200."""
    return {
        "filter": _all_of(*_conditions(reply), {"header_filter": {"header": IS_WEB}}, *IS_GRPC),
        **AS_WEB,
        "headers_to_add": [
            header("grpc-status", str(reply.code.value[0])),
            header("grpc-message", reply.sentence),
            header("grpc-status-details-bin", in_header(_status(reply))),
        ],
    }


def _grpc(reply: Reply) -> Plain:
    return {
        "filter": _all_of(*_conditions(reply), *IS_GRPC),
        "body_format_override": {"text_format_source": {"inline_string": reply.sentence}},
        "headers_to_add": [
            # Envoy would make one of the HTTP status, which knows fewer of them.
            header("grpc-status", str(reply.code.value[0])),
            header("grpc-status-details-bin", in_header(_status(reply))),
            *_headers(reply),
        ],
    }


def _json(reply: Reply) -> Plain:
    return {
        "filter": _all_of(*_conditions(reply)),
        "body_format_override": _json_format(_status(reply)),
        "headers_to_add": _headers(reply),
        **({"status_code": reply.as_http} if reply.as_http else {}),
    }


def _as_it_is() -> Plain:
    """What is no error, such as the answer to a health check, is sent as it was written."""
    comparison = {"op": "LE", "value": {"default_value": 399, "runtime_key": "reply.fine"}}
    return {
        "filter": {"status_code_filter": {"comparison": comparison}},
        "body_format_override": {"text_format_source": {"inline_string": OWN_WORDS}},
    }


def _json_format(status: Status) -> Plain:
    return {"json_format": _plain(status), "content_type": "application/json"}


def _plain(status: Status) -> Plain:
    """Fields are named as in what the transcoder writes of services' errors."""
    return json_format.MessageToDict(status, preserving_proto_field_name=True)


def _status(reply: Reply) -> Status:
    return status_of(
        Fault(reply.code, reply.reason, reply.sentence, metadata=reply.metadata, retry_after=reply.retry_after)
    )


def _conditions(reply: Reply) -> list[Plain]:
    return [_status_is(reply.http), *({"header_filter": {"header": one}} for one in reply.when)]


def _status_is(http: int) -> Plain:
    value = {"default_value": http, "runtime_key": f"reply.{http}"}
    return {"status_code_filter": {"comparison": {"op": "EQ", "value": value}}}


def _all_of(*conditions: Plain) -> Plain:
    return conditions[0] if len(conditions) == 1 else {"and_filter": {"filters": list(conditions)}}


def _headers(reply: Reply) -> list[Plain]:
    headers: list[Plain] = []
    if reply.retry_after is not None:
        headers.append(header("retry-after", str(max(1, round(reply.retry_after.total_seconds())))))
    if reply.challenge:
        headers.append(header("www-authenticate", "Bearer"))
    return headers
