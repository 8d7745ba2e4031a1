"""The edge's one listener: HTTP/1.1 and HTTP/2 on one port, and the order in which a request is looked at."""

from __future__ import annotations

from gateway.config import cookies, cors, denials, framing, limits, media, pages, sharing, tls, tokens, transcoder
from gateway.config.names import (
    CORS,
    EDGE_LISTENER,
    EDGE_ROUTES,
    ENDED_SESSIONS,
    GRPC_WEB,
    JWT,
    REVOCATIONS,
    ROUTER,
    TRANSCODER,
)
from gateway.config.plain import FROM_ADS, Plain, discovered, extension, typed
from gateway.config.replies import local_replies
from mesh.config import Settings


def edge_listener(settings: Settings, edge: str) -> Plain:
    """The listener of the edge of this name."""
    return {
        "name": EDGE_LISTENER,
        "address": {"socket_address": {"address": settings.edge.host, "port_value": settings.edge.port}},
        "per_connection_buffer_limit_bytes": 1 << 20,
        "filter_chains": [
            {
                "filters": [
                    {
                        "name": "envoy.filters.network.http_connection_manager",
                        "typed_config": _connection_manager(settings, edge),
                    }
                ],
                **({"transport_socket": tls.viewers_tls()} if settings.edge.tls else {}),
            }
        ],
    }


def http_filters(settings: Settings, edge: str) -> list[Plain]:
    """Every filter, in order. Who may call is decided on the gRPC path, hence behind the transcoder."""
    return [
        cors.same_for_all_filter(),
        extension(CORS, "filters.http.cors.v3.Cors"),
        extension(GRPC_WEB, "filters.http.grpc_web.v3.GrpcWeb"),
        media.media_path_filter(settings.objects.media_bucket),
        sharing.sharing_filter(edge),
        pages.page_path_filter(settings.objects.media_bucket),
        transcoder.body_limit_filter(settings.limits.max_request_bytes),
        framing.framing_filter(),
        discovered(TRANSCODER, transcoder.TYPE),
        cookies.session_cookie_filter(),
        cookies.cookie_authorization_filter(),
        discovered(JWT, tokens.TYPE),
        discovered(ENDED_SESSIONS, denials.TYPE),
        limits.limits_filter(settings.limits),
        media.grant_scope_filter(),
        discovered(REVOCATIONS, denials.TYPE),
        media.cache_filter(media.cache_folder(settings, edge), settings.edge.cache_bytes),
        extension(ROUTER, "filters.http.router.v3.Router", suppress_envoy_headers=True),
    ]


def _connection_manager(settings: Settings, edge: str) -> Plain:
    return typed(
        "filters.network.http_connection_manager.v3.HttpConnectionManager",
        stat_prefix="edge",
        codec_type="AUTO",
        rds={"route_config_name": EDGE_ROUTES, "config_source": FROM_ADS},
        http_filters=http_filters(settings, edge),
        early_header_mutation_extensions=[_drop_our_own_headers()],
        # One address, one path: what is compared with a grant is what the store is asked for.
        normalize_path=True,
        merge_slashes=True,
        path_with_escaped_slashes_action="REJECT_REQUEST",
        use_remote_address=True,
        xff_num_trusted_hops=settings.edge.trusted_proxies,
        server_name="vidmesh",
        local_reply_config=local_replies(settings.edge, settings.limits),
        max_request_headers_kb=settings.limits.max_header_bytes // 1024,
        stream_idle_timeout="300s",
        request_headers_timeout="10s",
        drain_timeout="5s",
        common_http_protocol_options={
            "idle_timeout": "300s",
            "headers_with_underscores_action": "DROP_HEADER",
            "max_headers_count": 100,
        },
        http2_protocol_options={
            "max_concurrent_streams": settings.limits.max_streams,
            "initial_stream_window_size": 1 << 20,
            "initial_connection_window_size": 4 << 20,
        },
        **({"access_log": [_access_log()]} if settings.edge.access_log else {}),
    )


def _drop_our_own_headers() -> Plain:
    """Who a caller is, and what Envoy may be told, is never taken from outside, on any route."""
    return extension(
        "envoy.http.early_header_mutation.header_mutation",
        "http.early_header_mutation.header_mutation.v3.HeaderMutation",
        mutations=[
            *cookies.without_own_headers(),
            {"remove_on_match": {"key_matcher": {"prefix": "x-envoy-"}}},
            # The object store would check signatures against these instead of the host that they were made for.
            *({"remove": name} for name in ("forwarded", "x-forwarded-host", "x-forwarded-port", "x-forwarded-prefix")),
        ],
    )


def _access_log() -> Plain:
    """One JSON object a request, without query and without grants: both open things."""
    return extension(
        "envoy.access_loggers.stdout",
        "access_loggers.stream.v3.StdoutAccessLog",
        log_format={
            "json_format": {
                "time": "%START_TIME%",
                "method": "%REQ(:METHOD)%",
                "path": "%PATH(NQ:PATH)%",
                "status": "%RESPONSE_CODE%",
                "grpc_status": "%GRPC_STATUS%",
                "details": "%RESPONSE_CODE_DETAILS%",
                "flags": "%RESPONSE_FLAGS%",
                "milliseconds": "%DURATION%",
                "bytes_in": "%BYTES_RECEIVED%",
                "bytes_out": "%BYTES_SENT%",
                "upstream": "%UPSTREAM_CLUSTER%",
                "request_id": "%REQ(X-REQUEST-ID)%",
            }
        },
    )
