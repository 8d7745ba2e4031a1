"""Takes the Envoy API messages that the edge's configuration uses into `gateway/envoy_api.binpb`.

    python -m gateway.vendor FOLDER

FOLDER is the unpacked wheel of `xds-protos`. It is read, never imported and never installed: installed, it would
overwrite files of other packages. Each generated module holds its own serialized descriptor, so the transitive
closure of `ROOTS` can be collected from the text of the modules alone.
"""

from __future__ import annotations

import argparse
import ast
from importlib import import_module
from pathlib import Path
from typing import Final

from google.protobuf.descriptor_pb2 import FileDescriptorProto, FileDescriptorSet

from gateway.envoy_api import DESCRIPTORS

ROOTS: Final = (
    "envoy/config/bootstrap/v3/bootstrap.proto",
    "envoy/config/cluster/v3/cluster.proto",
    "envoy/config/core/v3/extension.proto",
    "envoy/config/endpoint/v3/endpoint.proto",
    "envoy/config/listener/v3/listener.proto",
    "envoy/config/route/v3/route.proto",
    "envoy/extensions/access_loggers/stream/v3/stream.proto",
    "envoy/extensions/common/matching/v3/extension_matcher.proto",
    "envoy/extensions/filters/http/aws_request_signing/v3/aws_request_signing.proto",
    "envoy/extensions/filters/http/buffer/v3/buffer.proto",
    "envoy/extensions/filters/http/cache_v2/v3/cache.proto",
    "envoy/extensions/filters/http/cors/v3/cors.proto",
    "envoy/extensions/filters/http/grpc_json_transcoder/v3/transcoder.proto",
    "envoy/extensions/filters/http/grpc_web/v3/grpc_web.proto",
    "envoy/extensions/filters/http/header_mutation/v3/header_mutation.proto",
    "envoy/extensions/filters/common/matcher/action/v3/skip_action.proto",
    "envoy/extensions/filters/http/header_to_metadata/v3/header_to_metadata.proto",
    "envoy/extensions/filters/http/jwt_authn/v3/config.proto",
    "envoy/extensions/filters/http/local_ratelimit/v3/local_rate_limit.proto",
    "envoy/extensions/filters/http/lua/v3/lua.proto",
    "envoy/extensions/filters/http/rbac/v3/rbac.proto",
    "envoy/extensions/filters/http/router/v3/router.proto",
    "envoy/extensions/filters/http/upstream_codec/v3/upstream_codec.proto",
    "envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager.proto",
    "envoy/extensions/http/cache_v2/file_system_http_cache/v3/file_system_http_cache.proto",
    "envoy/extensions/http/cache_v2/simple_http_cache/v3/config.proto",
    "envoy/extensions/http/early_header_mutation/header_mutation/v3/header_mutation.proto",
    "envoy/extensions/resource_monitors/downstream_connections/v3/downstream_connections.proto",
    "envoy/extensions/retry/host/previous_hosts/v3/previous_hosts.proto",
    "envoy/extensions/transport_sockets/tls/v3/tls.proto",
    "envoy/extensions/upstreams/http/v3/http_protocol_options.proto",
    "envoy/service/discovery/v3/discovery.proto",
    "envoy/type/matcher/v3/http_inputs.proto",
    "google/api/expr/v1alpha1/syntax.proto",
    "google/rpc/status.proto",
)


class VendorError(Exception):
    """The folder does not hold a module that is needed; the message names it."""


def collect(folder: Path) -> FileDescriptorSet:
    """Every file of the closure, each behind those that it imports. Raises VendorError."""
    found: dict[str, FileDescriptorProto] = {}

    def visit(name: str) -> None:
        if name in found:
            return
        proto = _well_known(name) if name.startswith("google/protobuf/") else _from_module(folder, name)
        for dependency in proto.dependency:
            visit(dependency)
        found[name] = proto

    for root in ROOTS:
        visit(root)
    return FileDescriptorSet(file=found.values())


def _well_known(name: str) -> FileDescriptorProto:
    module = import_module(name.removesuffix(".proto").replace("/", ".") + "_pb2")
    return FileDescriptorProto.FromString(module.DESCRIPTOR.serialized_pb)


def _from_module(folder: Path, name: str) -> FileDescriptorProto:
    path = folder / f"{name.removesuffix('.proto')}_pb2.py"
    try:
        tree = ast.parse(path.read_bytes())
    except OSError as error:
        raise VendorError(f"{path} cannot be read: is this the unpacked wheel of xds-protos?") from error
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Attribute(attr="AddSerializedFile"), args=[ast.Constant(value=bytes(content))]):
                return FileDescriptorProto.FromString(content)
            case _:
                pass
    raise VendorError(f"{path} holds no descriptor.")


def main() -> None:
    parser = argparse.ArgumentParser(description="Vendor the Envoy API descriptors that gateway/ uses.")
    parser.add_argument("folder", type=Path, help="the unpacked wheel of xds-protos")
    closure = collect(parser.parse_args().folder)
    DESCRIPTORS.write_bytes(closure.SerializeToString(deterministic=True))
    print(f"{len(closure.file)} files, {DESCRIPTORS.stat().st_size} bytes")


if __name__ == "__main__":
    main()
