"""What the contracts say about a method, as far as a caller must know it; read from the stubs' own descriptors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from google.protobuf.descriptor import FileDescriptor
from google.protobuf.descriptor_pb2 import MethodOptions

from vidmesh.options.v1 import options_pb2
from vidmesh.options.v1.options_pb2 import Access, MethodPolicy, RateClass
from vidmesh.playback.v1 import playback_service_pb2
from vidmesh.social.v1 import account_service_pb2, channel_service_pb2
from vidmesh.transcode.v1 import job_service_pb2, transcode_service_pb2
from vidmesh.upload.v1 import upload_service_pb2, video_service_pb2

UNARY_TIMEOUT: Final = 10.0
"""Seconds that a unary call may take whose policy does not say (options.proto)."""

CONTRACTS: Final[tuple[FileDescriptor, ...]] = (
    account_service_pb2.DESCRIPTOR,
    channel_service_pb2.DESCRIPTOR,
    upload_service_pb2.DESCRIPTOR,
    video_service_pb2.DESCRIPTOR,
    transcode_service_pb2.DESCRIPTOR,
    job_service_pb2.DESCRIPTOR,
    playback_service_pb2.DESCRIPTOR,
)


@dataclass(frozen=True, slots=True)
class CallRules:
    """How a method is to be called."""

    idempotent: bool
    """It may be repeated without asking."""
    authenticates: bool
    """It is about signing in itself, so no access token is sent along."""
    timeout: float
    """Seconds, for one attempt; a stream has no limit but its own end."""


def rules_of_contracts() -> dict[str, CallRules]:
    """The rules of every method by its name on the wire, "/vidmesh.upload.v1.VideoService/GetVideo"."""
    return {
        f"/{service.full_name}/{method.name}": _rules(method.GetOptions())
        for contract in CONTRACTS
        for service in contract.services_by_name.values()
        for method in service.methods
    }


def _rules(options: MethodOptions) -> CallRules:
    policy: MethodPolicy = options.Extensions[options_pb2.policy]
    return CallRules(
        idempotent=policy.idempotent,
        authenticates=policy.rate_class == RateClass.RATE_CLASS_AUTH and policy.access == Access.ACCESS_PUBLIC,
        timeout=policy.timeout.ToTimedelta().total_seconds() if policy.HasField("timeout") else UNARY_TIMEOUT,
    )
