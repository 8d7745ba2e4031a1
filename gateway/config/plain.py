"""How Envoy's messages are written as plain data (proto3 JSON mapping)."""

from __future__ import annotations

import base64
from datetime import timedelta
from typing import Any, Final, TypeAlias

from google.protobuf.message import Message

from gateway.envoy_api import TYPE_PREFIX

Plain: TypeAlias = dict[str, Any]
"""A message: field names to values."""

EXTENSIONS: Final = "envoy.extensions."
FROM_ADS: Final[Plain] = {"ads": {}, "resource_api_version": "V3"}
"""The resource comes over the stream that this configuration came by."""


def typed(message: str, /, **fields: Any) -> Plain:
    """An `Any` that holds this message; names without a package of their own are below `envoy.extensions`."""
    full = message if message.startswith(("envoy.", "google.", "xds.")) else EXTENSIONS + message
    return {"@type": TYPE_PREFIX + full, **fields}


def extension(name: str, message: str, /, **fields: Any) -> Plain:
    """A named extension with its configuration: a filter, or a resource of the extension discovery service."""
    return {"name": name, "typed_config": typed(message, **fields)}


def discovered(name: str, message: str) -> Plain:
    """A filter whose configuration comes as a resource of its own, so that changing it cuts no stream."""
    return {
        "name": name,
        "config_discovery": {"config_source": FROM_ADS, "type_urls": [TYPE_PREFIX + EXTENSIONS + message]},
    }


def switched_off() -> Plain:
    """Per-route configuration: the filter does not run here."""
    return typed("envoy.config.route.v3.FilterConfig", disabled=True)


def switched_on() -> Plain:
    """Per-route configuration: the filter, disabled elsewhere, runs here."""
    return typed("envoy.config.route.v3.FilterConfig", config={})


def seconds(length: timedelta) -> str:
    """A length of time as the API writes it: "10s", "0.250s"."""
    value = length.total_seconds()
    return f"{value:.0f}s" if value.is_integer() else f"{value:.3f}s"


def header(name: str, value: str) -> Plain:
    """A header that replaces whatever was there."""
    return {"header": {"key": name, "value": value}, "append_action": "OVERWRITE_IF_EXISTS_OR_ADD"}


def in_header(message: Message) -> str:
    """A message as the value of a header whose name ends in `-bin`."""
    return base64.b64encode(message.SerializeToString(deterministic=True)).rstrip(b"=").decode()
