"""Which pages of other origins may call the edge from a browser (the cors filter)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from gateway.config.names import SAME_FOR_ALL
from gateway.config.plain import Plain, extension, header, typed
from mesh.cookies import CSRF_HEADER

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
MEDIA_RESPONSE_HEADERS: Final = "accept-ranges, content-length, content-range, etag"
HOUR: Final = "3600"


def api_cors(origins: Sequence[str]) -> Plain:
    """For calls and parts: these origins alone. "*" is every origin, and then no cookie travels or counts."""
    everybody = "*" in origins
    headers = REQUEST_HEADERS if everybody else (*REQUEST_HEADERS, CSRF_HEADER)
    return typed(
        TYPE,
        allow_origin_string_match=[ANY_ORIGIN] if everybody else [{"exact": origin} for origin in origins],
        allow_methods="GET, POST, PUT, PATCH, DELETE, OPTIONS",
        allow_headers=", ".join(headers),
        expose_headers=", ".join(RESPONSE_HEADERS),
        max_age=HOUR,
        allow_credentials=not everybody,
        # The question of a page that may not call is answered too, by saying nothing.
        forward_not_matching_preflights=False,
    )


def media_cors() -> Plain:
    """For what pages ask before they fetch media: every origin, since the address itself is the permission."""
    return typed(
        TYPE,
        allow_origin_string_match=[ANY_ORIGIN],
        allow_methods="GET, HEAD, OPTIONS",
        allow_headers="range, if-none-match",
        expose_headers=MEDIA_RESPONSE_HEADERS,
        max_age=HOUR,
        allow_credentials=False,
    )


def same_for_all_filter() -> Plain:
    """Changes nothing by itself; media routes bring `media_for_all`. The first filter, so the last to see an answer."""
    return extension(SAME_FOR_ALL, "filters.http.header_mutation.v3.HeaderMutation")


def media_for_all() -> Plain:
    """Per-route rule: the answer names no origin, whoever asks.

    The cors filter would repeat the asking page's origin, and say nothing to a request without one. Browsers keep
    media for good, so the next page, of another origin, would be refused the copy that was made for the first.
    """
    told = {"access-control-allow-origin": "*", "access-control-expose-headers": MEDIA_RESPONSE_HEADERS}
    # What the store allows to pages is not what the edge does.
    untold = ("access-control-allow-headers", "access-control-allow-methods")
    mutations: list[Plain] = [{"append": header(name, value)} for name, value in told.items()]
    mutations += [{"remove": name} for name in untold]
    return typed("filters.http.header_mutation.v3.HeaderMutationPerRoute", mutations={"response_mutations": mutations})
