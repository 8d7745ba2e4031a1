"""Who gets past the edge, to the services' own ports, is refused there all the same."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import grpc
import pytest

from mesh.policy import Method, all_methods
from mesh.service_tokens import ServiceTokens
from tests.security.matrix.faces import by_grpc
from tests.security.matrix.requests import ROWS
from tests.security.matrix.rules import ALLOWED, DENIED, ENDED, expected
from tests.security.matrix.scene import Scene
from vidmesh.options.v1.options_pb2 import Access

pytestmark = pytest.mark.timeout(120)

METHODS = list(all_methods().values())
FOR_SERVICES = [m for m in METHODS if m.policy is not None and m.policy.access == Access.ACCESS_SERVICE]
FOR_PEOPLE = [m for m in METHODS if m not in FOR_SERVICES]


@pytest.fixture(scope="module")
def channels(scene: Scene) -> Iterator[Mapping[str, grpc.Channel]]:
    """A channel to each service's own port."""
    addresses: dict[str, str] = scene.configuration["services"]
    opened = {name: grpc.insecure_channel(address) for name, address in addresses.items() if name.startswith("svc_")}
    yield opened
    for channel in opened.values():
        channel.close()


def host(method: Method) -> str:
    return f"svc_{method.service.split('.')[1]}"


def test_a_method_for_services_refuses_people_and_whoever_only_says_to_be_a_service(
    scene: Scene, channels: Mapping[str, grpc.Channel]
) -> None:
    token = scene.administrator.headers["authorization"].removeprefix("Bearer ")
    people = {"nobody": {}, "somebody": scene.stranger.headers, "an administrator": scene.administrator.headers}
    forgeries = {
        "another installation's service": ServiceTokens("x" * 64, "svc_upload").own(),
        "an access token as a service's": token,
        "a name as a token": "svc_upload",
        "a token without its signature": scene.service_token().rsplit(".", 1)[0] + ".",
    }
    assert FOR_SERVICES
    for method in FOR_SERVICES:
        row = ROWS[method.name]
        anybody = scene.callers(method.policy.scope)[0] if method.policy else None
        assert anybody is not None
        request = row.build(scene, anybody, scene.ids[row.subjects[0]] if row.subjects else "")
        for name, headers in people.items():
            came = by_grpc(channels[host(method)], method, request, headers)
            assert str(came) == str(DENIED), (method.name, name)
        for name, forged in forgeries.items():
            sent = {**scene.administrator.headers, "x-vidmesh-service": forged}
            assert str(by_grpc(channels[host(method)], method, request, sent)) == str(ENDED), (method.name, name)


@pytest.mark.parametrize("method", FOR_PEOPLE, ids=lambda method: method.name)
def test_what_the_edge_refuses_the_service_refuses_as_well(
    scene: Scene, channels: Mapping[str, grpc.Channel], method: Method
) -> None:
    row = ROWS[method.name]
    assert method.policy is not None
    wrong: dict[str, str] = {}
    for caller in scene.callers(method.policy.scope):
        # A service's token is good here, and services learn of ended sign-ins from nobody.
        if "x-vidmesh-service" in caller.headers or caller.standing.ended or row.fresh:
            continue
        for subject in row.subjects or (None,):
            named = None if row.shows else subject
            right = expected(method.policy, caller.standing, named, uses=row.uses, administered=row.administered)
            if right == ALLOWED:
                continue
            request = row.build(scene, caller, scene.ids[subject] if subject else "")
            came = by_grpc(channels[host(method)], method, request, caller.headers)
            if str(came) != str(right):
                wrong[f"{caller.standing.name} about {subject.name if subject else 'nothing'}"] = f"{came}, not {right}"
    assert not wrong
