"""The route table says of every call what the contracts say, and nothing that they do not."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from dataclasses import replace
from datetime import timedelta

import pytest
from google.api import annotations_pb2
from google.protobuf.descriptor_pb2 import FileDescriptorSet

from gateway.commands import ROUTES
from gateway.routes import ContractError, RouteTable, host_of, route_table
from mesh.policy import Method, all_methods, descriptor_set
from vidmesh.options.v1.options_pb2 import Access

GET_VIDEO = "/vidmesh.upload.v1.VideoService/GetVideo"
LIST_PARTS = "/vidmesh.upload.v1.UploadService/ListParts"
CHECK_VIEWER = "/vidmesh.upload.v1.VideoService/CheckViewer"


@pytest.fixture(scope="module")
def table() -> RouteTable:
    return route_table(all_methods(), descriptor_set())


def edited(method: str, verb: str, template: str) -> FileDescriptorSet:
    """The contracts, with another JSON face for one method."""
    contracts = FileDescriptorSet()
    contracts.CopyFrom(descriptor_set())
    for file in contracts.file:
        for service in file.service:
            for one in service.method:
                if f"/{file.package}.{service.name}/{one.name}" == method:
                    rule = one.options.Extensions[annotations_pb2.http]  # type: ignore[index]
                    rule.Clear()
                    setattr(rule, verb, template)
    return contracts


def test_every_method_that_is_not_for_services_alone_has_one_route(table: RouteTable) -> None:
    open_methods = [
        name
        for name, method in all_methods().items()
        if method.policy is not None and method.policy.access != Access.ACCESS_SERVICE
    ]
    assert [route.grpc_path for route in table.routes] == open_methods


def test_no_method_for_services_alone_has_a_route(table: RouteTable) -> None:
    assert CHECK_VIEWER in all_methods()
    assert CHECK_VIEWER not in {route.grpc_path for route in table.routes}


def test_only_what_the_contract_calls_idempotent_is_retried(table: RouteTable) -> None:
    for route in table.routes:
        policy = all_methods()[route.grpc_path].policy
        assert policy is not None
        assert route.retried == policy.idempotent
    assert any(not route.retried for route in table.routes)


def test_only_public_methods_do_without_an_access_token(table: RouteTable) -> None:
    for route in table.routes:
        assert route.sign_in_required == (route.policy.access != Access.ACCESS_PUBLIC)


def test_a_call_may_take_ten_seconds_unless_the_contract_says_otherwise(table: RouteTable) -> None:
    by_name = {route.grpc_path.rpartition("/")[2]: route for route in table.routes}
    assert by_name["GetVideo"].timeout == timedelta(seconds=10)
    assert by_name["ConfirmParts"].timeout == timedelta(seconds=30)
    assert by_name["WatchProcessing"].timeout is None
    assert by_name["WatchProcessing"].streaming


def test_a_service_of_a_domain_is_hosted_by_the_process_of_that_domain() -> None:
    assert host_of("vidmesh.upload.v1.VideoService") == "svc_upload"
    with pytest.raises(ContractError):
        host_of("grpc.health.v1.Health")


def test_what_an_installation_does_not_run_has_no_route(table: RouteTable) -> None:
    assert table.hosted_by(frozenset({"svc_social"})).hosts == ("svc_social",)


def test_a_method_without_a_policy_is_an_error() -> None:
    methods: dict[str, Method] = dict(all_methods())
    methods[GET_VIDEO] = replace(methods[GET_VIDEO], policy=None)
    with pytest.raises(ContractError, match="GetVideo: states no policy"):
        route_table(methods, descriptor_set())


def test_a_method_for_services_alone_with_a_json_face_is_an_error() -> None:
    with pytest.raises(ContractError, match="for services alone"):
        route_table(all_methods(), edited(CHECK_VIEWER, "get", "/v1/check"))


def test_two_methods_with_one_json_face_are_an_error() -> None:
    with pytest.raises(ContractError, match="both claim GET"):
        route_table(all_methods(), edited(LIST_PARTS, "get", "/v1/videos/{upload_id}"))


def test_a_json_face_outside_the_version_is_an_error() -> None:
    with pytest.raises(ContractError, match="begin with /v1/"):
        route_table(all_methods(), edited(GET_VIDEO, "get", "/media/{video_id}"))


def test_the_command_prints_every_route_with_its_policy(table: RouteTable, capsys: pytest.CaptureFixture[str]) -> None:
    parser = ArgumentParser()
    ROUTES.configure(parser)
    assert ROUTES.run(parser.parse_args(["--json"])) == 0
    rows = json.loads(capsys.readouterr().out)["routes"]
    assert [row["method"] for row in rows] == [route.grpc_path for route in table.routes]
    assert next(row for row in rows if row["method"] == GET_VIDEO) == {
        "method": GET_VIDEO,
        "json": [{"verb": "GET", "path": "/v1/videos/{video_id}"}],
        "access": "public",
        "relation": "viewer",
        "rate_class": "read",
        "timeout_seconds": 10.0,
        "retry": True,
        "stream": False,
        "service": "svc_upload",
    }
    assert ROUTES.run(parser.parse_args([])) == 0
    assert len(capsys.readouterr().out.splitlines()) == len(table.routes) + 1
