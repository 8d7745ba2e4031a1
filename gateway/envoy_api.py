"""Envoy's API messages, made from plain data.

The descriptors live in a private pool, made once from `envoy_api.binpb` (see `vendor.py`), so they meet no other
package's descriptors of the same names. Field names are those of the API, durations are strings such as "10s", and
an `Any` is a dict with an "@type" (the proto3 JSON mapping).
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

from google.protobuf import json_format
from google.protobuf.descriptor_pb2 import FileDescriptorSet
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass

DESCRIPTORS: Final = Path(__file__).with_name("envoy_api.binpb")
TYPE_PREFIX: Final = "type.googleapis.com/"

LISTENER: Final = "envoy.config.listener.v3.Listener"
ROUTES: Final = "envoy.config.route.v3.RouteConfiguration"
CLUSTER: Final = "envoy.config.cluster.v3.Cluster"
ENDPOINTS: Final = "envoy.config.endpoint.v3.ClusterLoadAssignment"
EXTENSION: Final = "envoy.config.core.v3.TypedExtensionConfig"
SECRET: Final = "envoy.extensions.transport_sockets.tls.v3.Secret"  # noqa: S105 (the name of a message)
BOOTSTRAP: Final = "envoy.config.bootstrap.v3.Bootstrap"
DISCOVERY_REQUEST: Final = "envoy.service.discovery.v3.DiscoveryRequest"
DISCOVERY_RESPONSE: Final = "envoy.service.discovery.v3.DiscoveryResponse"


class EnvoyApiError(ValueError):
    """Plain data does not fit the message of Envoy's API; the message says where."""


def message_class(type_name: str) -> type[Message]:
    """The class of a message by its full name. Raises KeyError where it is not vendored."""
    return GetMessageClass(_pool().FindMessageTypeByName(type_name))


def message(type_name: str, data: Mapping[str, Any]) -> Message:
    """The message with these values. Raises EnvoyApiError for a name or value that the API does not know."""
    made = message_class(type_name)()
    try:
        json_format.ParseDict(dict(data), made, descriptor_pool=_pool())
    except json_format.ParseError as error:
        raise EnvoyApiError(f"{type_name}: {error}") from error
    return made


def plain(of: Message) -> dict[str, Any]:
    """The message as plain data, the inverse of `message`."""
    return json_format.MessageToDict(of, preserving_proto_field_name=True, descriptor_pool=_pool())


@cache
def _pool() -> DescriptorPool:
    pool = DescriptorPool()
    for file in FileDescriptorSet.FromString(DESCRIPTORS.read_bytes()).file:
        pool.Add(file)
    return pool
