"""JSON for every method that has a JSON face (the grpc_json_transcoder filter)."""

from __future__ import annotations

import base64
from typing import Final

from google.protobuf.descriptor_pb2 import FileDescriptorSet

from gateway.config.names import BODY_LIMIT, TRANSCODER
from gateway.config.plain import Plain, extension, typed
from gateway.routes import RouteTable

TYPE: Final = "filters.http.grpc_json_transcoder.v3.GrpcJsonTranscoder"

MAX_RESPONSE_BYTES: Final = 8 << 20


def body_limit_filter(most: int) -> Plain:
    """Refuses nothing by itself; the routes of calls with one message state the limit.

    The transcoder's own limit is on what it holds at once, and it passes a long body on as it arrives.
    """
    limit = extension(BODY_LIMIT, "filters.http.buffer.v3.Buffer", max_request_bytes=most)
    return {**limit, "disabled": True}


def within_body_limit(most: int) -> Plain:
    """Per-route configuration: the body is held until it is whole, and limited here; media never comes this way."""
    return typed("filters.http.buffer.v3.BufferPerRoute", buffer={"max_request_bytes": most})


def transcoder_filter(table: RouteTable, contracts: FileDescriptorSet) -> Plain:
    """The filter: field names as in the contracts, every field shown, server streams as SSE.

    The descriptor set must hold google/rpc/error_details.proto, else error details are dropped.
    """
    return extension(
        TRANSCODER,
        TYPE,
        proto_descriptor_bin=base64.b64encode(contracts.SerializeToString(deterministic=True)).decode(),
        services=list(table.services),
        convert_grpc_status=True,
        query_param_unescape_plus=True,
        case_insensitive_enum_parsing=False,
        # Without these an unknown verb is answered by 200 and nothing, and a misspelt parameter is ignored.
        request_validation_options={"reject_unknown_method": True, "reject_unknown_query_parameters": True},
        print_options={
            "preserve_proto_field_names": True,
            "always_print_primitive_fields": True,
            "stream_sse_style_delimited": True,
        },
        max_response_body_size=MAX_RESPONSE_BYTES,
    )
