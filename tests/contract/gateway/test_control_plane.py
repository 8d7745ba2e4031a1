"""Envoy takes everything that the control plane sends, and goes on answering while it changes."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from datetime import timedelta
from typing import Any

import grpc
import grpc.aio
import httpx
import pytest
import structlog
from google.protobuf.message import Message

from gateway.ads import METHOD, DiscoveryServer
from gateway.bootstrap import bootstrap
from gateway.envoy_api import (
    CLUSTER,
    DISCOVERY_REQUEST,
    DISCOVERY_RESPONSE,
    ENDPOINTS,
    EXTENSION,
    LISTENER,
    ROUTES,
    TYPE_PREFIX,
    message,
    message_class,
)
from gateway.membership import EDGES, SERVICES, xds_key, xds_keys
from gateway.nodes import Keys
from gateway.snapshot import Snapshot, snapshot
from gateway.testing.services import WATCH_STEPS
from mesh.call import Principal
from mesh.config import load_settings
from vidmesh.social.v1.account_pb2 import ROLE_MEMBER
from vidmesh.transcode.v1.transcode_service_pb2 import WatchProcessingRequest

pytestmark = pytest.mark.asyncio(loop_scope="module")

PROXYLESS = """
import grpc
from vidmesh.upload.v1.video_service_pb2 import CheckViewerRequest
from vidmesh.upload.v1.video_service_pb2_grpc import VideoServiceStub
with grpc.insecure_channel("xds:///svc_upload") as channel:
    VideoServiceStub(channel).CheckViewer(CheckViewerRequest(video_id="abcdefghijk"), timeout=10)
print("answered")
"""


async def test_envoy_takes_every_resource(installation: Any) -> None:
    (node,) = installation.edge.discovery.nodes
    assert node.refused == {}
    assert set(node.taken) == {CLUSTER, ENDPOINTS, EXTENSION, LISTENER, ROUTES}
    served = installation.edge.control.snapshot_of(EDGES, node.node_id)
    assert node.taken == {kind: resources.version for kind, resources in served.types.items()}


async def test_a_change_of_keys_cuts_no_stream(installation: Any) -> None:
    token = installation.access.mint(Principal("an-account", "a-session", ROLE_MEMBER)).token
    installation.services.seen.step_pause = timedelta(milliseconds=200)
    steps = 0
    async with grpc.aio.insecure_channel(installation.edge.address) as channel:
        watch = channel.unary_stream("/vidmesh.transcode.v1.TranscodeService/WatchProcessing")
        request = WatchProcessingRequest(video_id="abcdefghijk").SerializeToString()
        async for _ in watch(request, metadata=(("authorization", f"Bearer {token}"),), timeout=10):
            steps += 1
            if steps == 1:
                installation.edge.control.learn(Keys())
    assert steps == WATCH_STEPS
    async with httpx.AsyncClient(base_url=installation.edge.url) as client:
        answer = await client.get("/v1/videos/abcdefghijk", headers={"authorization": f"Bearer {token}"})
        assert answer.status_code == httpx.codes.UNAUTHORIZED
        installation.edge.control.learn(installation.keys)
        async with asyncio.timeout(5):
            while not answer.is_success:
                answer = await client.get("/v1/videos/abcdefghijk", headers={"authorization": f"Bearer {token}"})


async def test_an_edge_must_prove_that_it_belongs_to_the_installation(installation: Any) -> None:
    for metadata in ((), (("x-vidmesh-xds-key", "guessed"),)):
        with pytest.raises(grpc.aio.AioRpcError) as raised:
            await ask(installation.edge.control_address, EDGES, metadata)
        assert raised.value.code() == grpc.StatusCode.UNAUTHENTICATED


async def test_a_node_of_another_kind_is_turned_away(installation: Any) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as raised:
        await ask(installation.edge.control_address, "strangers")
    assert raised.value.code() == grpc.StatusCode.NOT_FOUND


async def test_what_services_are_served_holds_no_secret(installation: Any) -> None:
    assert "of the edge" not in await ask(installation.edge.control_address, SERVICES)


async def test_a_client_with_xds_of_its_own_finds_a_service_without_a_proxy(installation: Any) -> None:
    config = {
        "xds_servers": [
            {
                "server_uri": installation.edge.control_address,
                "channel_creds": [{"type": "insecure"}],
                "server_features": ["xds_v3"],
            }
        ],
        "node": {"id": "a-client", "cluster": SERVICES},
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        PROXYLESS,
        env={**os.environ, "GRPC_XDS_BOOTSTRAP_CONFIG": json.dumps(config)},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    written, complaints = await process.communicate()
    assert written.decode().strip() == "answered", complaints.decode()
    assert installation.services.seen.calls[-1][0] == "CheckViewer"


async def test_a_refusal_is_shown_until_the_node_takes_a_version() -> None:
    good, bad = snapshot({CLUSTER: [{"name": "good"}]}), snapshot({CLUSTER: [{"name": "bad"}]})
    served, refusing = [good], list[bool]()
    answered = asyncio.Event()

    def served_now(_cluster: str, _node: str) -> Snapshot:
        return served[-1]

    def note() -> None:
        refusing.append(discovery.refusing)
        answered.set()

    discovery = DiscoveryServer(served_now, ["key"], structlog.get_logger(), lambda _: None)
    discovery.on_answer(note)
    server = grpc.aio.server()
    discovery.add_to(server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    try:
        async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
            stream = open_stream(channel)
            await stream.write(asking(SERVICES))
            for snapshot_after, taken in ((bad, True), (good, False), (good, True)):
                response: Any = await stream.read()
                await stream.write(asking(SERVICES, response, taken=taken))
                await asyncio.wait_for(answered.wait(), 5)
                answered.clear()
                served.append(snapshot_after)
                discovery.changed()
    finally:
        await server.stop(0)
    assert refusing[:3] == [False, True, False]


async def test_the_bootstrap_keeps_the_admin_interface_on_loopback() -> None:
    defaults = load_settings()
    identity = defaults.identity.model_validate({**defaults.identity.model_dump(), "service_secret": "x" * 32})
    settings = defaults.model_copy(update={"services": {"gateway": "gateway.internal:9000"}, "identity": identity})
    written = bootstrap(settings, admin_port=9901, node="fra1")
    assert written["admin"]["address"]["socket_address"] == {"address": "127.0.0.1", "port_value": 9901}
    sent = written["dynamic_resources"]["ads_config"]["grpc_services"][0]["initial_metadata"]
    assert sent == [{"key": "x-vidmesh-xds-key", "value": xds_key("x" * 32)}]


async def test_an_edge_that_shows_a_key_of_before_is_still_one_of_ours() -> None:
    defaults = load_settings()
    told = {"service_secret": "n" * 32, "service_secret_previous": ("o" * 32,)}
    identity = defaults.identity.model_validate({**defaults.identity.model_dump(), **told})
    assert xds_keys(identity) == (xds_key("n" * 32), xds_key("o" * 32))


async def test_a_new_edge_asks_again_soon_where_it_met_no_control_plane() -> None:
    defaults = load_settings()
    identity = defaults.identity.model_validate({**defaults.identity.model_dump(), "service_secret": "x" * 32})
    settings = defaults.model_copy(update={"services": {"gateway": "gateway.internal:9000"}, "identity": identity})
    written = bootstrap(settings, admin_port=9901, node="fra1")
    envoy = written["dynamic_resources"]["ads_config"]["grpc_services"][0]["envoy_grpc"]
    assert envoy["retry_policy"]["retry_back_off"]["max_interval"] == "2s"


def open_stream(channel: grpc.aio.Channel, metadata: Any = ()) -> Any:
    return channel.stream_stream(
        METHOD,
        request_serializer=serialized,
        response_deserializer=message_class(DISCOVERY_RESPONSE).FromString,
    )(metadata=metadata)


def serialized(request: Message) -> bytes:
    return request.SerializeToString()


def asking(cluster: str, response: Any = None, *, taken: bool = True) -> Any:
    data: dict[str, Any] = {"node": {"id": "a-node", "cluster": cluster}, "type_url": TYPE_PREFIX + CLUSTER}
    if response is not None:
        data |= {"response_nonce": response.nonce, "version_info": response.version_info}
        if not taken:
            data |= {"error_detail": {"code": 3, "message": "no such thing"}}
    return message(DISCOVERY_REQUEST, data)


async def ask(address: str, cluster: str, metadata: Any = ()) -> str:
    """The clusters that a node is sent, as text."""
    async with grpc.aio.insecure_channel(address) as channel:
        stream = open_stream(channel, metadata)
        await stream.write(asking(cluster))
        return str(await anext(aiter(stream)))
