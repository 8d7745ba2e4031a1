"""The edge's routes: one for each call of the contracts, and the few addresses that are not calls.

JSON calls are turned into gRPC calls before the token is looked at, and the route is then chosen again by the gRPC
path. So every call has exactly one route, whichever of its faces it came by, and what holds for one face holds for all.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from gateway.config.clusters import store_host
from gateway.config.cookies import finds_session_cookie
from gateway.config.cors import api_cors, media_cors, media_for_all
from gateway.config.limits import counted
from gateway.config.media import ADDRESS, DOWNLOAD, within_scope
from gateway.config.names import (
    BODY_LIMIT,
    CACHE,
    CORS,
    EDGE_ROUTES,
    FRAMING,
    GRANT_SCOPE,
    JWT,
    MEDIA_CLUSTER,
    MEDIA_PATH,
    NOWHERE_CLUSTER,
    PARTS_CLUSTER,
    SAME_FOR_ALL,
    SESSION_COOKIE,
    SESSION_HEADER,
    SUBJECT_HEADER,
    TRANSCODER,
)
from gateway.config.pages import lost_page_route, page_routes
from gateway.config.plain import Plain, extension, header, seconds, switched_off, switched_on
from gateway.config.reference import MOST_BYTES, reference_routes
from gateway.config.sharing import oembed_route, page_metadata
from gateway.config.tls import HSTS
from gateway.config.tokens import ACCESS_TOKEN, GRANT, NOTHING, OPTIONAL_ACCESS_TOKEN, asks_for
from gateway.config.transcoder import within_body_limit
from gateway.routes import Route, RouteTable
from mesh.config import EdgeSettings, Settings
from mesh.cookies import COOKIE, CSRF_HEADER, takes_access_cookie
from mesh.identity import ADDRESS as CLIENT_ADDRESS
from mesh.identity import COUNTRY, EDGE
from vidmesh.options.v1.options_pb2 import RATE_CLASS_READ

GRACE: Final = timedelta(seconds=1)
"""A service ends a call at its deadline and says so; only where it does not, the edge does, this much later."""
COOKIE_SERVICE: Final = "svc_social"
"""Gives cookies and takes them; nobody else is sent any."""
STREAM_IDLE: Final = timedelta(minutes=15)
"""A stream on which nothing moves is ended; its reader resumes by its cursor."""
TRANSFER_IDLE: Final = timedelta(minutes=1)
"""A transfer of media that stands still is ended."""

FORWARDED_HEADERS: Final = (
    "authorization",
    "cookie",
    "forwarded",
    "x-forwarded-for",
    "x-forwarded-host",
    "x-forwarded-port",
    "x-forwarded-prefix",
    "x-forwarded-proto",
    "x-forwarded-server",
)
"""Never sent to the object store: it would check signatures against what they say."""


def edge_routes(settings: Settings, table: RouteTable, edge: str) -> Plain:
    """The route configuration of the edge of this name. What no route names is answered with 404."""
    routes = [
        _health(),
        *_preflights(settings),
        *(_call(route, settings, edge) for route in table.routes),
        _media("downloads", DOWNLOAD, kept=False),
        _media("media", ADDRESS, kept=True),
        *_other_media(),
        _part(settings),
        *reference_routes(),
        oembed_route(),
        *page_routes(settings, FORWARDED_HEADERS, page_metadata(table, settings.limits)),
        _no_method(),
        _not_calls("/v1/", settings.limits.max_request_bytes),
        lost_page_route(settings, FORWARDED_HEADERS),
        _not_calls("/", settings.limits.max_request_bytes),
    ]
    return {
        "name": EDGE_ROUTES,
        "virtual_hosts": [
            {
                "name": "edge",
                "domains": ["*"],
                "routes": routes,
                "typed_per_filter_config": {CORS: api_cors(settings.edge.cors_origins)},
            }
        ],
        "response_headers_to_add": _told_to_browsers(settings.edge),
        "max_direct_response_body_size_bytes": MOST_BYTES,
    }


def _told_to_browsers(edge: EdgeSettings) -> list[Plain]:
    https = edge.public_url.lower().startswith("https://")
    return [
        header("x-content-type-options", "nosniff"),
        *([header("strict-transport-security", HSTS)] if https else []),
    ]


def _call(route: Route, settings: Settings, edge: str) -> Plain:
    limit = "0s" if route.timeout is None else seconds(route.timeout + GRACE)
    action: Plain = {"cluster": route.host, "timeout": limit}
    if route.timeout is None:
        action["idle_timeout"] = seconds(STREAM_IDLE)
    if route.retried:
        action["retry_policy"] = {
            "retry_on": "unavailable,connect-failure,refused-stream,reset-before-request",
            "num_retries": 2,
            "retry_back_off": {"base_interval": "0.050s", "max_interval": "0.500s"},
            "retry_host_predicate": [
                extension(
                    "envoy.retry_host_predicates.previous_hosts", "retry.host.previous_hosts.v3.PreviousHostsPredicate"
                )
            ],
            "host_selection_retry_max_attempts": 3,
        }
    if route.policy.rate_class == RATE_CLASS_READ:
        # The other half of the breakers, which no flood of changes can use up.
        action["priority"] = "HIGH"
    told = [header(EDGE, edge), header(CLIENT_ADDRESS, "%DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT%")]
    if settings.edge.country_header:
        told.append(header(COUNTRY, f"%REQ({settings.edge.country_header})%"))
    untold = [SESSION_HEADER, SUBJECT_HEADER]
    if route.host == COOKIE_SERVICE:
        told.append({**header(CSRF_HEADER, "1"), "append_action": "OVERWRITE_IF_EXISTS"})
    else:
        untold += [COOKIE, CSRF_HEADER]
    rules = {JWT: asks_for(ACCESS_TOKEN if route.sign_in_required else OPTIONAL_ACCESS_TOKEN)}
    if takes_access_cookie(route.policy):
        rules[SESSION_COOKIE] = finds_session_cookie(settings.edge)
    if not route.streams_requests:
        rules[BODY_LIMIT] = within_body_limit(settings.limits.max_request_bytes)
        rules[FRAMING] = switched_on()
    return {
        "name": route.grpc_path,
        "match": {"path": route.grpc_path},
        "metadata": counted(route, settings.limits),
        "route": action,
        "request_headers_to_add": told,
        "request_headers_to_remove": untold,
        "typed_per_filter_config": rules,
    }


def _media(name: str, address: str, *, kept: bool) -> Plain:
    """`kept`: on the edge's own disk, for the next one who asks."""
    return {
        "name": name,
        "match": {"safe_regex": {"regex": address}, "headers": [_method("GET", "HEAD")]},
        "route": {"cluster": MEDIA_CLUSTER, "timeout": "0s", "idle_timeout": seconds(TRANSFER_IDLE)},
        "request_headers_to_remove": list(FORWARDED_HEADERS),
        "typed_per_filter_config": {
            CORS: media_cors(),
            SAME_FOR_ALL: media_for_all(),
            TRANSCODER: switched_off(),
            MEDIA_PATH: switched_on(),
            JWT: asks_for(GRANT),
            GRANT_SCOPE: within_scope(),
            **({CACHE: switched_on()} if kept else {}),
        },
    }


def _other_media() -> list[Plain]:
    shared: Plain = {
        "typed_per_filter_config": {
            CORS: media_cors(),
            SAME_FOR_ALL: media_for_all(),
            TRANSCODER: switched_off(),
            JWT: asks_for(NOTHING),
        }
    }
    return [
        {
            "name": "media, other HTTP methods",
            "match": {"safe_regex": {"regex": ADDRESS}},
            "direct_response": {"status": 405},
            **shared,
        },
        {"name": "media, no grant", "match": {"prefix": "/media/"}, "direct_response": {"status": 403}, **shared},
    ]


def _part(settings: Settings) -> Plain:
    return {
        "name": "parts of uploads",
        "match": {
            "prefix": f"/{settings.objects.source_bucket}/u/",
            "headers": [_method("PUT")],
            # Never let a request reach the store that is not signed for it.
            "query_parameters": [{"name": "X-Amz-Signature", "present_match": True}],
        },
        "route": {
            "cluster": PARTS_CLUSTER,
            "timeout": "0s",
            "idle_timeout": seconds(TRANSFER_IDLE),
            "host_rewrite_literal": store_host(settings.objects),
        },
        "request_headers_to_remove": list(FORWARDED_HEADERS),
        "typed_per_filter_config": {TRANSCODER: switched_off(), JWT: asks_for(NOTHING)},
    }


def _health() -> Plain:
    return {
        "name": "health",
        "match": {"path": "/healthz"},
        "direct_response": {"status": 200, "body": {"inline_string": "ok\n"}},
        "typed_per_filter_config": {TRANSCODER: switched_off(), JWT: asks_for(NOTHING)},
    }


def _preflights(settings: Settings) -> list[Plain]:
    """What browsers ask before they call; the cors filter answers, but only where a route leads to a cluster."""
    asks: list[Plain] = [
        {"name": ":method", "string_match": {"exact": "OPTIONS"}},
        {"name": "origin", "present_match": True},
        {"name": "access-control-request-method", "present_match": True},
    ]
    return [
        {
            "name": f"preflight of {prefix}",
            "match": {"prefix": prefix, "headers": asks},
            "route": {"cluster": NOWHERE_CLUSTER},
            "typed_per_filter_config": {CORS: cors, TRANSCODER: switched_off(), JWT: asks_for(NOTHING)},
        }
        for prefix, cors in (("/media/", media_cors()), ("/", api_cors(settings.edge.cors_origins)))
    ]


def _no_method() -> Plain:
    """A gRPC call of nothing we have. Told at once: its body, which may be a stream that stays open, is not awaited."""
    is_grpc: Plain = {"name": "content-type", "string_match": {"prefix": "application/grpc"}}
    return {
        "name": "no such method",
        "match": {"prefix": "/", "headers": [is_grpc]},
        "direct_response": {"status": 404},
        "typed_per_filter_config": {TRANSCODER: switched_off(), JWT: asks_for(NOTHING)},
    }


def _not_calls(prefix: str, most_bytes: int) -> Plain:
    """Also where JSON calls pass through before they are turned into gRPC, so the transcoder stays on."""
    return {
        "name": f"nothing there, {prefix}",
        "match": {"prefix": prefix},
        "direct_response": {"status": 404},
        "typed_per_filter_config": {BODY_LIMIT: within_body_limit(most_bytes), JWT: asks_for(NOTHING)},
    }


def _method(*verbs: str) -> Plain:
    return {"name": ":method", "string_match": {"safe_regex": {"regex": "|".join(verbs)}}}
