"""Which pages of other origins may call the edge from a browser (the cors filter)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from gateway.config.plain import Plain, typed

TYPE: Final = "filters.http.cors.v3.CorsPolicy"
ANY_ORIGIN: Final[Plain] = {"safe_regex": {"regex": ".*"}}

REQUEST_HEADERS: Final = (
    "authorization",
    "content-type",
    "grpc-timeout",
    "if-none-match",
    "last-event-id",
    "range",
    "traceparent",
    "tracestate",
    "x-amz-checksum-sha256",
    "x-amz-content-sha256",
    "x-amz-sdk-checksum-algorithm",
    "x-grpc-web",
    "x-user-agent",
)
RESPONSE_HEADERS: Final = (
    "content-length",
    "content-range",
    "etag",
    "grpc-message",
    "grpc-status",
    "grpc-status-details-bin",
    "retry-after",
)
HOUR: Final = "3600"


def api_cors(origins: Sequence[str]) -> Plain:
    """For calls and parts: these origins alone. "*" is every origin, and then no cookie travels."""
    everybody = "*" in origins
    return typed(
        TYPE,
        allow_origin_string_match=[ANY_ORIGIN] if everybody else [{"exact": origin} for origin in origins],
        allow_methods="GET, POST, PUT, PATCH, DELETE, OPTIONS",
        allow_headers=", ".join(REQUEST_HEADERS),
        expose_headers=", ".join(RESPONSE_HEADERS),
        max_age=HOUR,
        allow_credentials=not everybody,
        # The question of a page that may not call is answered too, by saying nothing.
        forward_not_matching_preflights=False,
    )


def media_cors() -> Plain:
    """For media: every origin, since the address itself is the permission and no cookie is looked at."""
    return typed(
        TYPE,
        allow_origin_string_match=[ANY_ORIGIN],
        allow_methods="GET, HEAD, OPTIONS",
        allow_headers="range, if-none-match",
        expose_headers="accept-ranges, content-length, content-range, etag",
        max_age=HOUR,
        allow_credentials=False,
    )
